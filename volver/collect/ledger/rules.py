"""What a line of an order file is: product, fee or adjustment by its code and name; cancelled by its status.

Every rule looks at one row alone (or, for `C…` documents, at how the shop numbers its documents), so the ledger does
not depend on the order in which files arrive. The rules are SQL expressions for the staging connection.
"""

# Codes that are money and never goods, whatever the name beside them says.
FEE_CODES = r"BANK ?CHARGES?|AMAZON ?FEES?|CRUK|GIFT_\d+(_\d+)?|PAYPAL ?FEES?|STRIPE ?FEES?"
ADJUSTMENT_CODES = r"ADJUST(MENT)?S?\d*|AJUSTES?\d*|BAD ?DEBTS?"

# Codes that are money only where the name is empty, repeats the code or is itself the name of a fee:
# POST 'Post box', DOT 'Dot cushion' and M 'Manual coffee grinder' are goods.
SHY_FEE_CODES = (
    r"POST|POSTAGE|DOT|C2|M|D|S|SHIP|SHIPPING|CARRIAGE|DELIVERY|FREIGHT|FEES?|MANUAL|SAMPLES?|DISCOUNT|"
    r"ENVIO|GASTOS? ?(DE )?ENVIO|PORTES|TRANSPORTE|COMISION|DESCUENTO|MUESTRAS?|RECARGO|FRETE"
)
SHY_ADJUSTMENT_CODES = r"B"

# Names are compared lower case, without accents, words one blank apart, and as a whole.
_SHIPPING = (
    r"((dotcom|international|domestic|standard|express|extra|next day|royal mail|air ?mail|courier|free|special) )?"
    r"(postage|p p|p and p|carriage|shipping|delivery|freight|packing|handling|postage and packing|"
    r"postage packing|shipping and handling|shipping handling|postage and packaging)"
    r"( (charges?|costs?|fees?|uk|eu|europe|international|standard|express|refund))?"
)
_FEES = (
    r"manual( (entry|charge|credit))?|bank charges?|(\w+ )?commission( \w+)?|amazon ?fees?|"
    r"(amazon|paypal|stripe|ebay|klarna|bizum|marketplace|transaction|service|handling|gift wrap(ping)?|insurance|"
    r"customs|import|restocking|cod|cash on delivery|booking|admin|administration|payment|processing|cancellation) "
    r"(fees?|charges?|costs?)|fees?|surcharge|gift ?wrap(ping)?|samples?|free samples?"
)
_VOUCHERS = (
    r"(\w+ )?(e ?)?gift (vouchers?|certificates?)( (of|for|worth))?( (eur|gbp|usd|euros?))?( \d+)*"
    r"( (eur|gbp|usd|euros?))?|"
    r"((e|digital|virtual|online|electronic|store|shop) )?gift ?cards?( (of|for|worth))?( (eur|gbp|usd|euros?))?( \d+)*"
    r"( (eur|gbp|usd|euros?))?|"
    r"(tarjetas?|cheques?|vales?|bonos?) (de )?regalo( (de|por))?( (eur|euros?))?( \d+)*( (eur|euros?))?"
)
_DISCOUNTS = r"discounts?|((order|loyalty|coupon|promo|promotional|staff|volume) )discounts?|coupon|(promo|coupon) code"
_SPANISH = (
    r"((gastos?|costes?|costos?|cargos?|tarifas?) )(de )?"
    r"(envios?|transporte|gestion|manipulacion|reembolso|entrega|embalaje|correos?|aduanas?)( .*)?|"
    r"envios?( (express|expres|estandar|standard|urgente|gratis|gratuito|nacional|internacional|peninsula|peninsular|"
    r"baleares|canarias|24h|48h|72h|24|48|72|h|a|domicilio|certificado))*|"
    r"portes( (pagados|debidos|de envio))?|transporte|franqueo|frete|comision( .*)?|comisiones( .*)?|"
    r"recargo( .*)?|contra ?reembolso|descuentos?( (de|por) \w+)?|cupon( de descuento| descuento)?|"
    r"cupones( de descuento)?|muestras?( gratis| gratuitas?)?|papel de regalo( envoltorio)?|envoltorio( de)? regalo"
)
FEE_NAMES = f"{_SHIPPING}|{_FEES}|{_VOUCHERS}|{_DISCOUNTS}|{_SPANISH}"

ADJUSTMENT_NAMES = (
    r"adjust(ed)?( .*)?bad debts?( .*)?|bad debts?( .*)?|adjustments?( by .*)?|"
    r"(manual|stock|inventory|price|balance|accounting) adjustments?( .*)?|"
    r"ajustes?( (de|por) .*)?|ajustes? (contables?|manual|manuales)( .*)?|regularizacion( .*)?|"
    r"(.* )?(deudas?|creditos?|saldos?|facturas?) incobrables?|incobrables?"
)

# Stems of the words of a status, in English, Spanish, Portuguese, French, German, Italian and Catalan. Undone: sold,
# and taken back as a whole. Never: it was no sale yet and will be none.
_UNDONE = (
    r"cancel|cancella|anul|annul|storn|void|refund|reemb|reimb|rembours|rimbors|erstatt|zuruckerstatt|estorn|devol|"
    r"devuelt|returned|retour|charge ?back|charged back|contracargo|reversed"
)
_NEVER = (
    r"draft|borrador|rascunho|brouillon|entwurf|bozza|esborrany|quot(e|ation)|presup|pressup|devis\b|angebot|preventiv|"
    r"orcament|cotiz|abandon|cart\b|carrito|carrinho|panier|warenkorb|carrello|cistella|fail|fallid|fallad|falh|"
    r"fehlgeschl|fehler|echou|echec|error|erreur|erro\b|denied|deneg|refus|recusad|rechaz|rejet|reject|abgelehn|rifiut|"
    r"declin|expir|caduc|vencid|abgelaufen|scadut|trash|papelera|delet|eliminad|unavailable|no disponible"
)
_NOT_WHOLE = (
    r"partial|parcial|partiel|partly|teilweise|parzial|requested|solicitad|solicitud|demandee?\b|richiest|angefragt"
)
_REFUSED = r"denied|reject|declin|deneg|negad|rechaz|recus|refus|rejet|abgelehn|rifiut|reversal"
# Not paid yet; what waits for its parcel, or for a review, is paid.
_PENDING = (
    r"pend(ing|iente|ente|ent)?\b|unpaid|impag|impay|on ?hold|holded|en espera|en attente|in attesa|in sospeso|"
    r"aguardando|esperando|ausstehend|offen\b|unbezahlt|wartet? auf|awaiting|waiting|a l espera|"
    r"payment review|zahlung erwartet"
)
_GOODS_WAIT = (
    r"fulfil|ship|envi|deliver|entrega|livr|expedi|versand|liefer|spediz|pick ?up|pickup|recog|retir|stock|prepar|"
    r"verif|picking|collect|abhol|consegna|preparaz|reponer|valorac|feedback"
)
_SETTLED = r"paid|pagad[oa]s?|pagat|bezahlt|payee?\b|complet|deliver|shipped|enviad|fulfilled"
_NOT = r"(not|no|non|nicht|kein|keine|sin|nao|pas|never|nunca)"
_PAID = r"paid|pagad|complet|deliver|entreg|shipped|enviad|fulfilled"

# Documents that undo others: the letter C before a plain number, where the shop's other documents are plain numbers.
CANCELLATION_REF = r"[Cc][-_ ]?\d+"


def plain(text: str) -> str:
    """SQL: a name as the rules compare it. `_` becomes a blank only in names."""
    letters = f"regexp_replace(lower(strip_accents({text})), '[^a-z0-9]+', ' ', 'g')"
    return f"trim({letters})"


def nature(code: str, name: str) -> str:
    """SQL: 'adjustment', 'adjusted' (by its name only), 'fee' or '' (goods) from a product's code and name."""
    capital, words = f"upper(trim(coalesce({code}, '')))", f"coalesce({plain(name)}, '')"
    silent = f"({words} = '' or {words} = {plain(capital)})"
    return f"""case
        when {words} = '' and regexp_full_match({capital}, '[0-9]*') then ''
        when regexp_full_match({capital}, '{ADJUSTMENT_CODES}') then 'adjustment'
        when regexp_full_match({words}, '{ADJUSTMENT_NAMES}') then 'adjusted'
        when regexp_full_match({capital}, '{FEE_CODES}') then 'fee'
        when regexp_full_match({words}, '{FEE_NAMES}') then 'fee'
        when regexp_full_match({capital}, '{SHY_FEE_CODES}') and {silent} then 'fee'
        when regexp_full_match({capital}, '{SHY_ADJUSTMENT_CODES}') and {words} = '' then 'adjusted'
        else '' end"""


def is_cancelled(status: str) -> str:
    """SQL: whether a status says that the order was undone as a whole, or that it never was a sale.

    Words are known by how they begin. *Partially refunded*, *not cancelled* and *return requested* are still sales, and
    so is a paid order of which something else failed or expired.
    """
    apart = f"regexp_replace({status}, '([a-z])([A-Z])', '\\1 \\2', 'g')"  # paymentFailed
    words = f"coalesce({plain(apart)}, '')"

    def says(stems: str, before: str = "") -> str:
        return f"regexp_matches({words}, '\\b{before}({stems})')"

    refused = f"regexp_matches({words}, '\\b({_UNDONE})[a-z]* ({_REFUSED})')"  # the refund, not the order
    undone = f"({says(_UNDONE)} AND NOT {says(_UNDONE, _NOT + ' ')} AND NOT {refused})"
    never = f"({says(_NEVER)} AND NOT {refused} AND NOT {says(_NEVER, _NOT + ' ')} AND NOT {says(_PAID)})"
    gone = f"{words} IN ('unavailable', 'no disponible')"
    return f"({gone} OR (({undone} OR {never}) AND NOT {says(_NOT_WHOLE)}))"


def is_pending(status: str) -> str:
    """SQL: whether a status says that the order is not paid yet. *Awaiting shipment* and *paid, on hold* are paid."""
    apart = f"regexp_replace({status}, '([a-z])([A-Z])', '\\1 \\2', 'g')"
    words = f"coalesce({plain(apart)}, '')"
    unpaid = f"regexp_matches({words}, '\\b{_NOT} (yet )?({_SETTLED})')"
    waits = (
        f"regexp_matches({words}, '\\b({_PENDING})') AND NOT regexp_matches({words}, '\\b({_GOODS_WAIT}|{_SETTLED})')"
    )
    return f"(({unpaid} OR ({waits})) AND NOT {is_cancelled(status)})"


def kind(columns: str = "") -> str:
    """SQL: the kind of a line, the first that fits; a cancelled status is told apart from it.

    Reads nature, is_cancellation, quantity_e4, amount_e4, customer_ref and has_price (0: the file holds totals only).
    """
    at = f"{columns}." if columns else ""
    return f"""case
        when {at}is_cancellation then 'cancel'
        when {at}nature = 'adjustment' then 'adjustment'
        when {at}nature = 'adjusted' and not ({at}quantity_e4 < 0 and {at}amount_e4 = 0) then 'adjustment'
        when {at}quantity_e4 < 0 and {at}amount_e4 = 0 then 'write_off'
        when {at}nature = 'fee' then 'shipping_or_fee'
        when {at}quantity_e4 < 0 then 'return'
        when {at}amount_e4 < 0 and {at}has_price = 0 then 'return'
        when {at}amount_e4 < 0 and {at}customer_ref is not null then 'shipping_or_fee'
        when {at}amount_e4 < 0 then 'adjustment'
        else 'sale' end"""
