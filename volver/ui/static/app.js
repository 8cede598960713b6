// Progressive touches only: every page works without this file.
const root = document.documentElement;
const by = (id) => document.getElementById(id);

// A text under the pointer for every shape with data-tip.
const tip = by('tip');
addEventListener('pointerover', (e) => {
  const at = e.target.closest?.('[data-tip]');
  tip.hidden = !at;
  if (!at) return;
  at.querySelector('title')?.remove(); // the browser's own would double ours
  tip.textContent = at.dataset.tip;
});
addEventListener('pointermove', (e) => {
  if (tip.hidden) return;
  const left = innerWidth - e.clientX < tip.offsetWidth + 24;
  tip.style.setProperty('left', `${e.clientX + (left ? -tip.offsetWidth - 12 : 14)}px`);
  tip.style.setProperty('top', `${e.clientY + 16}px`);
});

// A curve that is wider than a phone shows its newest end first.
for (const wide of document.querySelectorAll('.late')) wide.scrollLeft = wide.scrollWidth;

// The theme changes at once; the server keeps it for the next page.
for (const form of document.querySelectorAll('form.themes')) {
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const chosen = e.submitter.value;
    root.dataset.theme = chosen === 'system' ? '' : chosen;
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-pressed', button === e.submitter);
    const told = new FormData(form);
    told.set('theme', chosen);
    fetch(form.action, { method: 'POST', body: new URLSearchParams(told), headers: { 'x-csrf-token': told.get('csrf') } });
  });
}

// Find or do: a palette over pages and people.
const palette = by('palette'), keys = by('keys'), want = by('want');
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase();
const shown = () => [...palette.querySelectorAll('a')].filter((a) => !a.parentElement.hidden);
const choose = (a) => palette.querySelectorAll('a').forEach((x) => x.setAttribute('aria-selected', x === a));
const ask = () => { if (palette && !palette.open) { palette.showModal(); want.select(); } };
if (palette) {
  want.addEventListener('input', () => {
    const sought = plain(want.value);
    for (const li of palette.querySelectorAll('.places li')) li.hidden = !plain(li.textContent).includes(sought);
    choose(shown()[0]);
  });
  palette.querySelector('form').addEventListener('submit', (e) => {
    const chosen = palette.querySelector('[aria-selected=true]') ?? shown()[0];
    if (!chosen) return;
    e.preventDefault();
    location.href = chosen.href;
  });
  for (const button of document.querySelectorAll('a.search')) button.addEventListener('click', (e) => { e.preventDefault(); ask(); });
  for (const dialog of [palette, keys]) dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(); });
}

// Addresses go to the clipboard; where the browser has none for us, the form opens a page to copy them from.
addEventListener('submit', (e) => {
  const form = e.target.closest('form.copies');
  if (!form || !window.ClipboardItem || !navigator.clipboard?.write) return;
  e.preventDefault();
  const told = new FormData(form), said = form.querySelector('span');
  const asked = fetch(form.action, { method: 'POST', body: new URLSearchParams(told), headers: { accept: 'application/json', 'x-csrf-token': told.get('csrf') } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)));
  const text = asked.then((found) => new Blob([found.text], { type: 'text/plain' }));
  navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })]).then(() => asked).then((found) => { said.textContent = found.says; said.setAttribute('role', 'status'); }, () => form.submit());
});

// Files: dropped or chosen, sent with a bar that shows how far they are. Without this the form sends itself.
for (const form of document.querySelectorAll('form.drop')) {
  const input = form.querySelector('input[type=file]'), bar = form.querySelector('progress'), chosen = form.querySelector('.chosen');
  const tell = (text) => { chosen.hidden = !text; chosen.textContent = text; };
  input.addEventListener('change', () => tell([...input.files].map((file) => file.name).join(', ')));
  for (const name of ['dragover', 'dragleave', 'drop']) form.addEventListener(name, (e) => { e.preventDefault(); form.classList.toggle('over', name === 'dragover'); });
  form.addEventListener('drop', (e) => { if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; input.dispatchEvent(new Event('change')); } });
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const sending = new XMLHttpRequest(), button = form.querySelector('button');
    sending.upload.addEventListener('progress', (e) => { bar.value = e.total ? e.loaded / e.total : 0; });
    sending.addEventListener('load', () => {
      if (sending.status < 400) { location.href = sending.responseURL; return; }
      const said = new DOMParser().parseFromString(sending.responseText, 'text/html').querySelector('main');
      fail(said?.querySelector('h1')?.textContent ?? String(sending.status), said?.querySelector('h1')?.parentElement.nextElementSibling?.textContent ?? '');
    });
    sending.addEventListener('error', () => fail('', ''));
    const fail = (says, hint) => { bar.hidden = true; button.disabled = false; tell(`${says} ${hint}`.trim()); };
    bar.hidden = false;
    button.disabled = true;
    tell(form.dataset.sending);
    sending.open('POST', form.action);
    sending.setRequestHeader('x-csrf-token', form.elements.csrf.value);
    sending.send(new FormData(form));
  });
}

let before = '';
addEventListener('keydown', (e) => {
  if (!palette) return;
  if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); ask(); return; }
  if (palette.open) {
    const all = shown(), at = all.findIndex((a) => a.getAttribute('aria-selected') === 'true');
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (e.key === 'Escape') { e.preventDefault(); palette.close(); }
    if (step && all.length) { e.preventDefault(); choose(all[(at + step + all.length) % all.length]); }
    return;
  }
  if (keys.open || e.metaKey || e.ctrlKey || e.altKey || e.target.closest('input, textarea, select, [contenteditable]')) return;
  if (e.key === '?') keys.showModal();
  if (e.key === '/') { const term = by('term'); if (term) { e.preventDefault(); term.focus(); } else { e.preventDefault(); ask(); } }
  const place = before === 'g' && document.querySelector(`.rooms a[data-key="${CSS.escape(e.key)}"]`);
  if (place) location.href = place.href;
  before = e.key;
});
