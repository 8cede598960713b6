"""What columns are called by the shops and programs that write order files: in English and Spanish, and the plainest
names in German, Portuguese and French.

A name is compared without case, accents, blanks, punctuation, currency and tax marks. Within a field the first
name wins; a field's names are only those that mean it wherever they stand.
"""

import re
from collections.abc import Mapping

from volver.core import unaccented

CURRENCY_WORDS = {"usd", "eur", "gbp", "brl", "mxn", "ars", "clp", "cop", "euros", "euro", "dollars", "pounds"}
_TAX = {
    "tax",
    "taxes",
    "vat",
    "iva",
    "incl",
    "included",
    "incluido",
    "incluidos",
    "imp",
    "inc",
    "con",
    "with",
    "ttc",
    "ex",
    "excl",
    "exc",
    "excluding",
    "excluido",
    "formatted",
}


_LITTLE = {
    "de",
    "del",
    "la",
    "el",
    "los",
    "las",
    "of",
    "the",
    "do",
    "da",
    "des",
    "du",
    "le",
    "il",
    "der",
    "die",
    "das",
    "di",
}
_NUMBER = {"n", "no", "nr", "num", "number"}
_SAME = {"orden": "pedido", "ordenes": "pedido", "orders": "order"}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES: Mapping[str, tuple[str, ...]] = {
    "order_ref": _names(
        "orderid orderno ordernumber ordernr ordername orderref orderreference orderkey ordercode invoiceno "
        "invoice invoicenumber invoiceid basketid transactionid transactionno transactionnumber receiptid "
        "receiptno receiptnumber receipt ticketid ticketno documentno documentnumber saleid salesorder "
        "salesordernumber salesid purchaseid incrementid idorder orderuuid pedido idpedido pedidoid "
        "numeropedido npedido numpedido nropedido numerodepedido ndepedido numdepedido pedidonumero "
        "referenciapedido referenciadelpedido referenciadepedido refpedido codigopedido factura numerofactura "
        "nfactura numfactura idfactura ticket numeroticket nticket idticket idventa numeroventa venta albaran "
        "order ordernum checkoutid cartid documento numerodocumento ndocumento reference referencia transaction "
        "idtransaccion transaccion bill billno billid ordine numeroordine comanda numerocomanda encomenda bestellung "
        "bestellnummer bestellnr bestellid auftragsnummer auftragsnr rechnungsnummer rechnungsnr "
        "numerodopedido codigodopedido numerocommande ncommande commande giftid donationid"
    ),
    "line_ref": _names(
        "lineid lineno linenumber lineitemid orderlineid orderitemid orderlineno rowid idlinea linea "
        "numerolinea nlinea idorderdetail orderdetailid iddetalle idlineapedido linenum"
    ),
    "date": _names(
        "orderpurchasetimestamp orderdate dateoforder orderdatetime ordertime ordertimestamp orderedat "
        "orderedon orderplacedat placedat placedon invoicedate purchasedate purchasetimestamp purchasedat "
        "dateofpurchase saledate salesdate solddate transactiondate transactiontimestamp transactiondatetime "
        "transactionat transactiontime transdate createdat datecreated createddate creationdate dateadd "
        "fechapedido fechadepedido fechadelpedido pedidofecha fechacompra fechadecompra fechaventa fechadeventa "
        "fechafactura fechadefactura fechacreacion fechadecreacion fechahora fechayhora fechaalta fecha "
        "datetime timestamp date invoicedt orderdt dateadded paidat datepaid fechapago completedat time ts day "
        "dia "
        "bestelldatum rechnungsdatum kaufdatum auftragsdatum datadopedido datapedido datadacompra datacompra "
        "datadavenda datecommande datedecommande giftdate donationdate datum data"
    ),
    "time": _names("time hora hour ordertime timeoforder horapedido horadelpedido horaventa transtime timeofday"),
    "customer_ref": _names(
        "customeruniqueid customerid customerno customernumber custid customerref customercode customerkey "
        "customernr idcustomer clientid clientno householdid householdkey memberid membernumber userid buyerid "
        "shopperid consumerid contactid accountid personid clienteid idcliente numerocliente ncliente "
        "numcliente codigocliente codcliente codigodecliente idusuario usuarioid idsocio numerosocio socio "
        "customeruser cardno loyaltyid loyaltycard customer cliente cust client comprador buyer usuario user "
        "panelid visitorid buyerusername buyeruserid nif cif dni nifcliente contacto "
        "custcode cardcode kundennummer kundennr kundenid kunde codigodocliente iddocliente donorid donor "
        "memberno subscriberid"
    ),
    "email": _names(
        "email customeremail billingemail emailaddress mail correo correoelectronico emailbilling emailcliente "
        "correocliente emaildelcliente customermail contactemail useremail buyeremail billingemailaddress "
        "direcciondecorreo payeremail correoe "
        "donoremail memberemail useremailaddress kundenemail emaildocliente emaildocomprador subscriberemail"
    ),
    "customer_name": _names(
        "customername clientname fullname billingname nombrecliente nombredelcliente nombredecliente "
        "nombreyapellidos nombrecompleto billingfullname buyername customerfullname razonsocial recipientname "
        "shippingname nombrecontacto nombredelcontacto nombrecomprador nombredelcomprador"
    ),
    "city": _names(
        "billingcity customercity city ciudad poblacion localidad shippingcity municipio ciudadfacturacion "
        "ciudadenvio citybilling town billingaddresscity shippingaddresscity"
    ),
    "country": _names(
        "billingcountry customercountry country pais shippingcountry countrycode paisfacturacion paisenvio "
        "countrybilling billingcountrycode paisdeenvio shipcountry countryregion billingaddresscountry "
        "billingaddresscountrycode"
    ),
    "channel": _names(
        "channel saleschannel canal canaldeventa canalventa source origen utmsource acquisitionchannel "
        "sourcename attributionchannel fuente referrer medio ordersource"
    ),
    "campaign": _names(
        "campaign campaignname utmcampaign campana nombrecampana nombredecampana nombredelacampana utmcampana "
        "campanautm acquisitioncampaign firstcampaign attributioncampaign marketingcampaign adcampaign "
        "ordercampaign sourcecampaign campanademarketing campanapublicitaria campanadecaptacion "
        "wcorderattributionutmcampaign campaigncode codigocampana codigodecampana campaignid idcampana campanaid"
    ),
    "product_ref": _names(
        "stockcode sku produtoid productid productcode productsku productno productnumber itemsku itemcode itemno "
        "itemnumber articleid articlecode articlenumber articleno variantsku lineitemsku lineitemssku "
        "productreference productref upc ean gtin barcode asin idproducto productoid codigoproducto codproducto "
        "codigodeproducto referenciaproducto refproducto referenciadelproducto codigoarticulo codarticulo "
        "idarticulo articulo referenciaarticulo idproduct codigo coditem partnumber material productkey itemid "
        "variantid productvariantid model referencia reference ref "
        "codarticolo codicearticolo codiceprodotto codeproduit artikelnummer artikelnr produktnummer "
        "codigodoproduto codigoproduto idproduto articleref prodcode"
    ),
    "product_name": _names(
        "description productname productdescription productdesc itemname itemdescription producttitle itemtitle "
        "articlename lineitemname lineitemsname lineitemstitle nombreproducto nombredelproducto "
        "nombredeproducto descripcionproducto descripcion descripcionarticulo nombrearticulo producto product "
        "item title titulo concepto detalle articulonombre articledescription name nombre "
        "descrizione descricao bezeichnung artikelbezeichnung artikelname produktname produkt artikel "
        "nomedoproduto produto designation"
    ),
    "category": _names(
        "category productcategory categoryname productcategoryname categoria categoriaproducto nombrecategoria "
        "productline department departamento familia seccion subcategory subcategoria productgroup producttype "
        "itemcategory categorycode rubro"
    ),
    "quantity": _names(
        "quantity qty quantityordered qtyordered orderquantity orderqty productquantity itemquantity itemqty "
        "lineitemquantity lineitemsquantity lineitemqty cantidad cant cantidadproducto unidades uds unidad "
        "units unitssold itemssold pieces numunidades nunidades quantityrefund noofitems ndeunidades count cds "
        "volume piezas itemcount unitsordered qtysold "
        "menge anzahl stueckzahl stuckzahl quantidade qtd qtde quantite qta qte quant"
    ),
    "unit_price": _names(
        "unitprice price priceperunit itemprice pricepaid lineitemprice lineitemsprice productprice "
        "sellingprice saleprice salesprice unitpriceexcl unitsellingprice unitcostprice priceeach pvp preciounitario "
        "preciounidad preciounit precio precioventa preciodeventa preciouni precioporunidad precioproducto "
        "importeunitario itemcost soldfor rate msrp pricesold tarifa "
        "einzelpreis stueckpreis stuckpreis preis precounitario preco prixunitaire prix"
    ),
    "total": _names(
        "ingresosporproductos receitaporprodutos "
        "linetotal linetotalprice totallinea importelinea importedelinea importetotallinea lineamount itemtotal "
        "itemtotalprice totalitem lineitemtotal lineitemstotal productpricetotal salesvalue netsales "
        "netsalesvalue grosssales revenue netrevenue extendedprice extprice totalprice totalprecio preciototal "
        "amount importe importetotal total totalamount totalsales salesamount saleamount sales sale subtotal "
        "linesubtotal spend spent totalspend netamount grossamount ordertotal ordertotalamount orderamount "
        "ordervalue totalpaid totalpagado totalpaidtaxincl amountpaid paid montototal monto valor value "
        "grandtotal totalpedido totaldelpedido importepedido totalfactura importefactura nrevenue neto "
        "importeneto ingresosnetos ventasnetas transactionamount purchaseamount paymentvalue "
        "totalcompra facturado ventas basketvalue "
        "invoiceamount totalventa importeventa turnover gmv "
        "gesamtpreis gesamtbetrag zeilensumme summe betrag umsatz valortotal montant giftamount donationamount"
    ),
    "discount": _names(
        "lineitemdiscount linediscount lineitemsdiscount itemdiscount discount discountamount descuento "
        "descuentolinea importedescuento dto rebate totaldiscount discounttotal discountvalue "
        "lineitemstotaldiscount dtolinea rebaja itemdiscountamount descuentototal discountpercent discountpct "
        "discountrate porcentajedescuento dtopct"
    ),
    "cost": _names(
        "unitcost cost productcost costprice purchaseprice wholesaleprice standardcost coste costo "
        "costeunitario costounitario preciocoste preciocosto preciodecoste preciodecosto preciocompra "
        "costperitem cogs totalcost linecost costetotal costototal costelinea costofgoods costeproducto"
    ),
    "currency": _names(
        "currency currencycode moneda divisa ordercurrency ordercurrencycode currencyiso codigomoneda monedapedido "
        "presentmentcurrency transactioncurrency invoicecurrency"
    ),
    "timezone": _names("timezone zonahoraria husohorario fusohorario zeitzone fuseauhoraire fusoorario"),
    "status": _names(
        "orderstatus status financialstatus estado estadopedido estadodelpedido estadodepedido orderstate "
        "paymentstatus state situacion currentstate transactionstatus invoicestatus tipodocumento doctype "
        "documenttype "
        "bestellstatus statusdopedido situacaodopedido etat etatcommande stato statoordine zustand estat "
        "estatcomanda estadopago estadodepago estadocompra estadoventa fulfillmentstatus deliverystatus estadoenvio"
    ),
    "updated": _names(
        "updatedat orderupdatedat lastupdatedat lastupdated updateddate dateupdated updatedon lastupdate updatetime "
        "lastupdatedate updated modifiedat lastmodifiedat lastmodified modifieddate datemodified modifiedon "
        "datemodifiedgmt "
        "lastmodifieddate modificationdate modified fechaactualizacion fechadeactualizacion ultimaactualizacion "
        "actualizado actualizadoel fechamodificacion fechademodificacion ultimamodificacion modificado modificadoel "
        "datemodification datedemodification geaendertam geandertam atualizadoem datadeatualizacao datamodifica"
    ),
}

# Dates of something else: never taken for the date of the order unless the person says so.
OTHER_DATES = re.compile(
    r"ship|deliver|entrega|envio|birth|nacim|update|modif|cancel|expir|caduc|limit|approv|estimat|refund|devol|due|venc|review|signup|regist|alta"
)
# Columns about the order as a whole; they do not say what a line brought.
OF_ORDER = re.compile(
    r"^(order|cart|basket|pedido|invoice|factura|grand)|(order|pedido|factura|compra|ticket)$|paid|pagado|payment"
)
# Columns whose name says that they hold one line's money.
OF_LINE = re.compile(r"line|item|linea|articulo|producto|product|salesvalue|extended")
# The day on which an order was called off: it says more than the status beside it.
CANCELLED = re.compile(
    r"^(order)?(cancell?ed|cancellation)(at|on|date|time)?$|^(fecha)?(de)?(cancelacion|anulacion|cancelado|anulado)(el)?$"
)
_DISCOUNTS = re.compile(r"(^|[^a-z])(disc|discount|descuento|dto)($|[^a-z])")


def key(column: str) -> str:
    """A column name as it is compared.

    >>> [key(each) for each in ("InvoiceNo", "Nº pedido", "Order #", "Código_Artículo", "line_items.sku")]
    ['invoiceno', 'npedido', 'ordernumber', 'codigoarticulo', 'lineitemssku']
    """
    return "".join(words(column))


def bare_key(column: str) -> str:
    """The same without currency and tax marks.

    >>> [bare_key(each) for each in ("sales_value_usd", "Importe (IVA incl.)", "Total €")]
    ['salesvalue', 'importe', 'total']
    """
    found = words(column)
    kept = [word for word in found if word not in CURRENCY_WORDS and word not in _TAX]
    return "".join(kept or found)


def core_key(column: str) -> str:
    """The same by its telling words alone: little words and a number sign at the end drop out, an *orden* a *pedido*.

    >>> [core_key(each) for each in ("Número de la orden", "Pedido n.º", "Nombre del contacto", "Order No.")]
    ['numeropedido', 'pedido', 'nombrecontacto', 'order']
    """
    kept = [_SAME.get(word, word) for word in words(column) if word not in _LITTLE]
    while len(kept) > 1 and kept[-1] in _NUMBER:
        kept.pop()
    return "".join(kept)


def words(column: str) -> list[str]:
    """The words of a column name: lower case, plain letters, `#` as number.

    >>> words("CustomerID"), words("Order #"), words("fechaPedido")
    (['customer', 'id'], ['order', 'number'], ['fecha', 'pedido'])
    """
    text = unaccented(re.sub(r"[ºª°]", " ", column))
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", re.sub(r"#", " number ", text))
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    return re.findall(r"[a-z0-9]+", text.lower())


def is_discount(column: str) -> bool:
    """Whether a column's name speaks of a discount: one of several that add up.

    >>> is_discount("coupon_match_disc_usd"), is_discount("description")
    (True, False)
    """
    return _DISCOUNTS.search(" ".join(words(column))) is not None


def suggested_currency(column: str) -> str | None:
    """The currency that a column's name mentions.

    >>> suggested_currency("amount_usd"), suggested_currency("Total €"), suggested_currency("total")
    ('USD', 'EUR', None)
    """
    signs = {"€": "EUR", "£": "GBP"}
    for sign, code in signs.items():
        if sign in column:
            return code
    named = {"euro": "EUR", "euros": "EUR", "pounds": "GBP"}
    for word in words(column):
        if word in CURRENCY_WORDS and word not in {"dollars"}:
            return named.get(word, word.upper())
    return None
