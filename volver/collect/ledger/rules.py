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

# An order in one of these states was undone as a whole, or was never paid.
CANCELLED_STATUSES = (
    r"(wc )?("
    r"cancel(l?ed|l?ation|ado|ada|ados|adas|lata)?|cancel|anulad[oa]s?|anulacion|void(ed)?|refund(ed)?|fully refunded|"
    r"reembolsad[oa]s?|devuelt[oa]s?|devolucion|returned|charge ?back(ed)?|charged back|failed|fallid[oa]s?|declined|"
    r"denied|rechazad[oa]s?|rejected|expired|caducad[oa]s?|trash|deleted|abandoned|unavailable|no disponible|"
    r"payment (failed|declined|error)|error de pago|pago (rechazado|fallido|anulado)|"
    r"storniert|storno|erstattet|fehlgeschlagen|estornado|annullato|annulee?|remboursee?|"
    r"(order |pedido )(cancel(l?ed|ado)|anulado)|cancel(l?ed|ado|ada) (by|por) .*)"
)

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
    """SQL: whether a status says that the order was undone or never paid."""
    return f"regexp_full_match(coalesce({plain(status)}, ''), '{CANCELLED_STATUSES}')"


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
