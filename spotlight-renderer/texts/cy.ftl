# Texts of pages in Welsh. Messages have the same names in every language.

# Around every page
skip = Neidio i'r prif gynnwys
menu = Prif ddewislen
menu-services = Gwasanaethau
menu-web-traffic = Traffig gwe
menu-departments = Adrannau
menu-other = Arall
menu-about = Amdanom
menu-accessibility = Hygyrchedd
notice = Hysbysiad
breadcrumb = Briwsion bara
support = Cymorth
licence-before = Mae'r holl gynnwys ar gael o dan y
licence-after = , ac eithrio lle nodir fel arall.
prototype = Prototeip
prototype-warning = Mae'r dudalen hon yn cael ei pharatoi. Gall ddangos data enghreifftiol ac ni ddylid ei dyfynnu.
in-review = Yn cael ei hadolygu
in-review-warning = Mae'r dudalen hon yn cael ei gwirio cyn ei chyhoeddi. Gall yr hyn a ddangosir newid o hyd ac ni ddylid ei ddyfynnu.
retired = Ddim yn cael ei diweddaru mwyach
retired-warning = Mae'r dudalen hon yn dangos y data olaf a oedd ar gael. Fe'i cedwir fel cofnod.
update-due = Disgwylir y diweddariad nesaf erbyn { $day } am { $time }.
update-late = Disgwylid data newydd erbyn { $day } am { $time }.
updated = Diweddarwyd { $day } am { $time }

# The front page
home-tagline = Ffigurau byw ar berfformiad gwasanaethau cyhoeddus: faint o bobl sy'n eu defnyddio, pa mor dda maent yn gweithio, a beth yw eu cost.
home-overall = Yr holl wasanaethau gyda'i gilydd
home-showcase = Gwerth eu gweld
home-measures = Ystyr y ffigurau
measure-cost = Cost fesul trafodyn
measure-cost-about = Y gost ar gyfartaledd bob tro y bydd rhywun yn cwblhau'r hyn y daeth i'w wneud.
measure-satisfaction = Boddhad defnyddwyr
measure-satisfaction-about = Pa mor fodlon y mae pobl yn dweud eu bod ar ôl defnyddio gwasanaeth, o 0% i 100%.
measure-completion = Cyfradd gwblhau
measure-completion-about = Y gyfran o bobl sy'n dechrau ar wasanaeth ac yn cyrraedd y diwedd.
measure-take-up = Defnydd digidol
measure-take-up-about = Y gyfran o bobl sy'n defnyddio gwasanaeth ar-lein yn hytrach na drwy'r post, dros y ffôn neu wyneb yn wyneb.

# Search
search = Chwilio
search-label = Chwilio dangosfyrddau a ffigurau
search-found = { $count ->
    [0] Dim canlyniadau
   *[other] { $count } dangosfwrdd
 } ar gyfer “{ $text }”
search-nothing = Gwiriwch y sillafu, neu rhowch gynnig ar lai o eiriau: rhaid i bob un fod yn y teitl, y disgrifiad neu'r sefydliad.

# Lists
list-failed = Ni ellid llwytho'r rhestr.
later = Rhowch gynnig arall arni ymhen ychydig funudau.
list-services = { $count } gwasanaeth
list-dashboards = { $count } dangosfwrdd
list-departments-counted = { $count } sefydliad
list-caption-services = Rhestr o wasanaethau
list-caption-departments = Rhestr o adrannau a chyrff eraill
list-caption-dashboards = Rhestr o ddangosfyrddau
list-matching = yn cyfateb i “{ $text }”
list-of = { $organisation }
list-remove = (tynnu'r hidlydd hwn)
list-search = Chwilio yn ôl enw
list-search-organisation = Chwilio yn ôl enw neu sefydliad
list-example = Er enghraifft “{ $text }”
list-organisation = Sefydliad
list-all-organisations = Pob sefydliad
list-departments = Adrannau
list-bodies = Cyrff eraill
list-measures = Mesurau a ddangosir
list-go = Chwilio
list-empty = Does dim yma eto. Bydd dangosfyrddau'n ymddangos yn y rhestr hon ar ôl eu cyhoeddi.
list-nothing = Does dim yn cyfateb. Gwiriwch y sillafu, neu rhowch gynnig ar lai o lythrennau.
list-whole = Dangos y rhestr gyfan
list-no-measures = Ni ellid llwytho ffigurau'r gwasanaethau hyn.
download = Lawrlwytho
download-of = Lawrlwytho: { $title }

# Headings and columns of lists
heading-services = Data gwasanaethau
heading-web-traffic = Dangosfyrddau traffig gwe
heading-departments = Adrannau a chyrff eraill
heading-other = Dangosfyrddau perfformiad eraill
heading-content = { $title }: traffig gwe
column-service = Enw'r gwasanaeth
column-dashboard = Enw'r dangosfwrdd
column-dashboards = Dangosfyrddau
column-department = Adran
unknown = Anhysbys
measure-volume = Trafodion a gwblhawyd y flwyddyn
measure-total-cost = Cost y flwyddyn
total-all = cyfanswm ar gyfer pob un o'r { $listed } gwasanaeth
total-some = cyfanswm ar gyfer { $counted } o'r { $listed } gwasanaeth
mean-all = cyfartaledd wedi'i bwysoli ar gyfer pob un o'r { $listed } gwasanaeth
mean-some = cyfartaledd wedi'i bwysoli ar gyfer { $counted } o'r { $listed } gwasanaeth

# Dashboards
nothing-yet = Nid oes dim i'w ddangos ar y dangosfwrdd hwn eto.
related = Tudalennau cysylltiedig
visit = Ewch i'r gwasanaeth hwn
find-out-more = Rhagor o wybodaeth
on-this-page = Ar y dudalen hon
about-service = Am y gwasanaeth hwn
costs = Nodiadau ar gostau
other-notes = Nodiadau eraill
improve = Gwella'r dangosfwrdd hwn
improve-text = Os ydych yn rhedeg y gwasanaeth hwn ac yn gallu ychwanegu data, ysgrifennwch at
full-screen = Sgrin lawn
as-json = Pob ffigur fel JSON
as-zip = Pob tabl fel ZIP
as-feed = Ffrwd
fact-service = Rhan o
fact-agency = Adran neu gorff cyhoeddus arall
fact-department = Adran weinidogol
fact-user = Defnyddiwr
fact-payer = Telir costau'r gwasanaeth gan
tagline-service = Mae'r dangosfwrdd hwn yn dangos perfformiad gwasanaeth <b>{ $name }</b>.
tagline-organisation = Mae'r dangosfwrdd hwn yn dangos perfformiad rhai o wasanaethau <b>{ $name }</b>.
about-service-page = Perfformiad gwasanaeth { $name }: ffigurau, siartiau a data.
about-module-page = { $name }: ffigurau a data o ddangosfwrdd { $dashboard }.

# Dates
dates = Dyddiadau a ddangosir
dates-usual = Dyddiadau arferol
dates-last-months = Y { $months } mis diwethaf
dates-last-years = Y { $years } blynedd diwethaf
dates-all = Pob dyddiad
dates-other = Dyddiadau eraill
dates-from = O
dates-to = Hyd at
dates-show = Dangos
dates-week = Wythnos yn gorffen
dates-no-month = Nid yw “{ $text }” yn fis fel 2016-05
dates-no-week = Nid yw “{ $text }” yn ddiwrnod mewn wythnos sydd wedi dod i ben, fel 2016-05-30
dates-order = Mae'r mis cyntaf ar ôl yr un olaf
compare = Cymharu â
compare-missing = Nid oes gwerthoedd cynharach i gymharu â nhw.
compare-in-table = Mae'r gwerthoedd cynharach yn y tabl: ni all siartiau o'r math hwn ddangos y ddau.
compare-nothing = dim
compare-previous-period = y cyfnod blaenorol
compare-previous-year = blwyddyn ynghynt

# What readers choose about charts of groups
choices = Newid y siart hon
choices-drawing = Sut mae'r siart yn cael ei lluniadu
choices-series = Dewis beth sy'n cael ei ddangos
choices-all = Dangos popeth
drawing-lines = Llinellau
drawing-stack = Ar ben ei gilydd
drawing-share = Cyfrannau
drawing-multiples = Ochr yn ochr
drawing-unknown = Nid yw “{ $text }” yn ffordd o luniadu'r siart hon.
drawing-not-here = Ni ellir lluniadu'r siart hon felly: nid oes modd adio ei gwerthoedd.
series-unknown = Nid oes “{ $text }” yn y siart hon.

# Modules
restricted = Data cyfyngedig: nid i'w gyhoeddi
empty-section = Dim i'w ddangos eto
unknown-type = Ni ellir dangos y rhan hon: nid yw'r math “{ $type }” yn hysbys yma.
unknown-type-table = Nid yw math y rhan hon, “{ $type }”, yn hysbys yma: dangosir ei data fel tabl.
failed = Bu problem wrth gael y data hwn.
failed-rest = Nid yw'n effeithio ar weddill y dudalen.
outdated = Ni ellid llwytho data mwy diweddar. Dyma'r hyn a oedd yn hysbys ar { $day } am { $time }.
again = Rhoi cynnig arall arni
show-table = Dangos y data fel tabl
table-of = { $title }: y data
table-region = Tabl: { $caption }
table-empty = Dim data ar gael
about-data = Am y data
chart-keys = dewis gyda'r bysellau saeth
multiples-keys = dewis gyda'r bysellau saeth, i fyny ac i lawr am y siart nesaf
embed = Dangos hyn ar dudalen arall
embed-label = Rhowch hyn yn HTML eich tudalen:
no-data = dim data
no-data-yet = Does dim data i'w ddangos eto.
no-data-dates = Efallai fod rhai ar gyfer dyddiadau eraill.
none-of = 0 o { $began }
no-data-provided = Ni ddarparwyd data
load-time = Amser llwytho tudalen
uptime = Amser ar gael
total = cyfanswm
change-up = i fyny
change-down = i lawr
change-on = o'i gymharu â { $period }
within-days = wedi'u prosesu o fewn { $days } diwrnod gwaith
no-change = dim newid
on-last-week = o'i gymharu â'r wythnos ddiwethaf
online-now = { $count ->
    [one] defnyddiwr ar-lein nawr
   *[other] o ddefnyddwyr ar-lein nawr
 }
online-at = { $count ->
    [one] defnyddiwr ar-lein am { $time }
   *[other] o ddefnyddwyr ar-lein am { $time }
 }

# Where figures are from
as-query = Ymholiad
origin = Am y data hyn
origin-title = Teitl
origin-publisher = Cyhoeddwyd gan
origin-page = Tudalen
origin-source = Ffynhonnell
origin-query = Ymholiad
origin-range = Dyddiadau
origin-updated = Newidiwyd y data ddiwethaf
origin-retrieved = Adalwyd
origin-licence = Trwydded
origin-no-licence = dim wedi'i nodi
origin-clock = { $day } am { $time }
origin-since = o { $day }
origin-until = hyd at { $day }
origin-everything = popeth sydd ar gael
origin-files = Ffeiliau
file-latest = Diweddaraf
file-change = Newid
file-share = Cyfran
file-figure = Ffigur
file-entry = Cofnod
file-link = Dolen
origin-note = Ffynhonnell: { $source }. Dyddiadau: { $range }. Adalwyd { $retrieved }. Trwydded: { $licence }.

# What modules measure
axis-date = Dyddiad
axis-period = Cyfnod
axis-notes = Nodiadau
axis-category = Categori
axis-time = Amser
axis-users = Nifer y defnyddwyr
value = Gwerth
so-far = hyd yma
target = Targed
target-least = o leiaf { $value }
target-most = dim mwy na { $value }
target-met = wedi ei gyrraedd
target-missed = heb ei gyrraedd
target-open = ddim yn hysbys eto
people = Pobl
users = Defnyddwyr
answers = Atebion
answers-of = { $title }: sut mae'r atebion wedi'u rhannu
answer-1 = Anfodlon iawn
answer-2 = Anfodlon
answer-3 = Heb fod yn fodlon nac yn anfodlon
answer-4 = Bodlon
answer-5 = Bodlon iawn
series-ago = { $name } ({ $extent } yn ôl)

# Screens on walls
slides-nothing = Nid yw'r dangosfwrdd hwn ar gael yn yr olwg hon.
slides-no-latest = Nid yw'r data diweddaraf ar gael
slides-no-change = Dim newid

# Pages about this site
about-heading = Am y dangosfyrddau
about-text = Mae dangosfyrddau'n dangos perfformiad gwasanaethau: faint o bobl sy'n eu defnyddio, pa mor dda maent yn gweithio, a beth yw eu cost. Daw'r ffigurau o'r gwasanaethau eu hunain, a'r un ffigurau a ddefnyddir gan y rhai sy'n eu rhedeg.
about-readers = Ar gyfer pwy y maent
about-reader-1 = Pobl sy'n rhedeg gwasanaethau, i weld beth i'w wella.
about-reader-2 = Newyddiadurwyr ac ymchwilwyr, sy'n cael defnyddio'r holl ffigurau.
about-reader-3 = Pawb sydd am wybod sut mae gwasanaethau cyhoeddus yn gwneud.
about-figures = Y ffigurau
about-figures-text = Mae gan bob siart dabl o'i werthoedd. Gellir lawrlwytho pob modiwl fel taenlen, fel CSV ac fel JSON, a'i siart fel llun, a gellir ei ddangos ar wefannau eraill. Dangosir ffigurau cyfnod unwaith y bydd wedi dod i ben.
accessibility-text = Mae'r tudalennau hyn wedi'u gwneud i fodloni Canllawiau Hygyrchedd Cynnwys y We 2.2 ar lefel AA.
accessibility-1 = Mae popeth yn gweithio heb sgriptiau, gyda bysellfwrdd, ac ar chwyddiad o 400%.
accessibility-2 = Disgrifir pob siart mewn brawddeg ac mae ganddo dabl o'i holl werthoedd.
accessibility-3 = Nid lliw yw'r unig ffordd o wahaniaethu rhwng pethau. Mae lliwiau ar gyfer sgriniau golau, tywyll a chyferbyniad uchel.
accessibility-4 = Nid oes dim yn symud i ddarllenwyr sy'n gofyn am lai o symud.
accessibility-known = Yr hyn y gwyddom nad yw'n hygyrch
accessibility-known-1 = Nid oes testun y gall darllenwyr sgrin ei ddarllen mewn lluniau o siartiau a lawrlwythir (PNG). Mae'r dudalen, yr SVG a'r tabl yn dweud yr un peth.
accessibility-known-2 = Mae tudalennau ar gyfer sgriniau mawr yn mynd o sleid i sleid ohonynt eu hunain. Ar gyfer waliau y maent; mae'r dangosfwrdd ei hun yn dangos yr un pethau ac yn aros yn llonydd.
accessibility-known-3 = Gall geiriau a ysgrifennir gan y rhai sy'n rhedeg gwasanaethau, megis nodiadau a disgrifiadau, fod yn anos eu darllen na'r gweddill.
accessibility-tested = Sut y profir hyn
accessibility-tested-text = Profir pob newid i'r tudalennau hyn mewn porwr gydag axe-core: pob math o dudalen, ar sgriniau cul, gyda thestun o ddwbl y maint, mewn lliwiau golau, tywyll a chyferbyniad uchel, a heb sgriptiau. Dim ond rhan o'r hyn y byddai pobl yn ei ganfod y mae rhaglenni'n ei ganfod.
accessibility-tell = Rhowch wybod i ni
accessibility-mistakes = Os na allwch ddarllen rhywbeth, rhowch wybod i'r rhai sy'n rhedeg y wefan hon: camgymeriad ydyw ac maent am ei gywiro.
prototypes = Prototeipiau
prototypes-text = Mae prototeipiau'n dangos data enghreifftiol. Gallant newid neu ddiflannu.
prototypes-none = Nid oes prototeipiau ar hyn o bryd.

# Failures
error-not-found = Heb ddod o hyd i'r dudalen
error-not-found-text = Nid oes tudalen yn y cyfeiriad hwn. Os gwnaethoch ei deipio, gwiriwch ei fod yn gywir; os gwnaethoch ddilyn dolen, efallai fod y dudalen wedi symud.
error-not-available = Nid yw'r dudalen ar gael
error-not-available-text = Ni ellir dangos yr hyn sydd yn y cyfeiriad hwn fel tudalen.
error-gone = Ddim ar gael mwyach
error-gone-text = Mae'r hyn a oedd yn y cyfeiriad hwn wedi'i dynnu'n ôl.
error-too-long = Mae'r cyfeiriad hwn yn rhy hir
error-too-long-text = Mae mwy ar ôl y gofynnod nag y mae ar unrhyw dudalen ei angen. Gadewch rywfaint ohono allan.
error-trouble = Ni ellid llwytho'r dudalen hon
error-trouble-text = Aeth rhywbeth o'i le ar ein hochr ni. Rhowch gynnig arall arni ymhen ychydig funudau.
error-start = Mynd i'r dudalen gychwyn

# Reporting a problem
problem = Oes rhywbeth o'i le ar y dudalen hon?
problem-service = I gael help gyda'r gwasanaeth ei hun ewch i
problem-doing = Beth oeddech chi'n ei wneud
problem-wrong = Beth aeth o'i le
problem-private = Peidiwch â chynnwys manylion personol nac ariannol.
problem-send = Anfon
problem-sending = Yn anfon…
problem-sent = Diolch am roi gwybod i ni.
problem-details = Dywedwch beth oeddech yn ei wneud neu beth aeth o'i le.
problem-failed = Mae'n ddrwg gennym, ni ellid anfon eich adroddiad. Rhowch gynnig arall arni ymhen ychydig funudau.

# What charts show, in sentences
says-nothing = Dim data.
says-latest = { $when }: { $value }{ $year }.
says-latest-same = { $when }: { $value }, yr un fath â { $before }{ $year }.
says-latest-up = { $when }: { $value }, i fyny o { $was } { $before }{ $year }.
says-latest-down = { $when }: { $value }, i lawr o { $was } { $before }{ $year }.
before-hour = yr awr flaenorol
before-day = y diwrnod blaenorol
before-week = yr wythnos flaenorol
before-month = y mis blaenorol
before-quarter = y chwarter blaenorol
before-year = y flwyddyn flaenorol
before-other = ar gyfer { $when }
says-extremes = Yr uchaf oedd { $high } ({ $high-when }), yr isaf { $low } ({ $low-when }).
says-highest = Dyma'r uchaf a ddangosir; yr isaf oedd { $low } ({ $low-when }).
says-lowest = Dyma'r isaf a ddangosir; yr uchaf oedd { $high } ({ $high-when }).
says-trend = { $trend } dros y cyfnod a ddangosir ({ $extent }).
says-values = { $when }: { $values }.
says-value = { $name } { $value }
says-value-of = { $value } ({ $name })
says-value-share = { $name } { $value } ({ $share })
says-together = Gyda'i gilydd { $value }.
says-beside = { $name }: { $value }; { $change } nawr.
says-comparison = Er cymhariaeth: { $values }.
says-against = O'i gymharu â { $before }: { $values }.
says-all = Pob un: { $trend }, dros y cyfnod a ddangosir ({ $extent }).
says-going = { $names }: { $trend }
says-going-many = { $count } o { $all } { $trend }
says-trends = Dros y cyfnod a ddangosir ({ $extent }): { $trends }.
says-same-year = ; tua'r un fath â blwyddyn ynghynt
says-more-year = ; { $amount } yn fwy na blwyddyn ynghynt
says-less-year = ; { $amount } yn llai na blwyddyn ynghynt
says-same = tua'r un fath
says-more = { $amount } yn fwy
says-less = { $amount } yn llai
says-times = { $count } gwaith
says-steps = { $first } { $from }, { $last } { $to }.
says-reach = O'r { $from } yn “{ $first }”, cyrhaeddodd { $to } ({ $share }) “{ $last }”.
says-drop = Collwyd y nifer fwyaf rhwng “{ $from }” a “{ $to }”: { $lost }.
says-categories = O'r { $count }, “{ $high-when }” sydd uchaf ({ $high }) a “{ $low-when }” isaf ({ $low }).
says-categories-of = { $axis }: o'r { $count }, “{ $high-when }” sydd uchaf ({ $high }) a “{ $low-when }” isaf ({ $low }).
says-so-far = Nid yw { $when } ar ben; hyd yma: { $values }.
says-unended = Nid yw { $when } ar ben: ei ffigurau hyd yma sydd yma.
says-noted = Nodiadau: { $notes }.
says-note = { $when }, { $text }
says-target-met = { $label } ({ $aim }): cyrhaeddwyd yn { $when } gyda { $value }.
says-target-missed = { $label } ({ $aim }): ni chyrhaeddwyd yn { $when }, gyda { $value }.
says-target-count = Cyrhaeddwyd mewn { $count } o { $extent }.
says-target-open = { $label } ({ $aim }): nid oes gwerth i'w gymharu eto.
says-target-all = { $label } ({ $aim }) yn { $when }: cyrhaeddwyd gan { $met }.
says-target-none = { $label } ({ $aim }) yn { $when }: ni chyrhaeddwyd gan { $missed }.
says-target-some = { $label } ({ $aim }) yn { $when }: cyrhaeddwyd gan { $met }; ni chyrhaeddwyd gan { $missed }.
says-target-figure = { $label }, { $aim }: { $met }
says-many = { $count } o gyfresi. { $when }: o { $most } i lawr i { $least }.
says-not-drawn = Mae'r { $count } cyntaf wedi'u darlunio.
says-missing = Dim data ar gyfer { $names }.
says-missing-many = Dim data ar gyfer { $count } o'r { $extent }.
list-and = { $firsts } a { $last }
trend-level = Gwastad
trend-unclear = I fyny ac i lawr
trend-rising-strongly = Yn codi'n gryf
trend-rising = Yn codi
trend-falling-strongly = Yn gostwng yn gryf
trend-falling = Yn gostwng
extent-hour = { $count } awr
extent-day = { $count } diwrnod
extent-week = { $count } wythnos
extent-month = { $count } mis
extent-quarter = { $count } chwarter
extent-year = { $count } blynedd
extent-period = { $count } cyfnod
extent-value = { $count } gwerth

# Dates in words
range = { $first } i { $last }
months = Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr
short-months = Ion Chwef Maw Ebr Mai Meh Gorff Awst Medi Hyd Tach Rhag
weekdays = Llun Mawrth Mercher Iau Gwener Sadwrn Sul
plural = { $singular }
half-days = yb yh
midnight = canol nos
midday = canol dydd
today = heddiw
yesterday = ddoe
tomorrow = yfory
last-weekday = { $weekday } diwethaf
ordinals = af il ydd ydd ed ed fed fed fed fed eg fed eg eg fed eg eg fed eg fed ain ain ain ain ain ain ain ain ain ain ain
