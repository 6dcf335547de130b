# Texts of pages in English. Messages have the same names in every language.

# Around every page
skip = Skip to main content
menu = Main
menu-services = Services
menu-web-traffic = Web traffic
menu-departments = Departments
menu-other = Other
menu-about = About
menu-accessibility = Accessibility
notice = Notice
breadcrumb = Breadcrumb
support = Support
licence-before = All content is available under the
licence-after = , except where otherwise stated.
prototype = Prototype
prototype-warning = This page is being prepared. What it shows may be demonstration data and must not be quoted.
in-review = In review
in-review-warning = This page is being checked before it is published. What it shows may still change and must not be quoted.
retired = No longer kept up to date
retired-warning = This page shows the last data that there was. It is kept for the record.
update-due = The next update is expected by { $day } at { $time }.
update-late = New data was expected by { $day } at { $time }.
updated = Updated { $day } at { $time }

# The front page
home-tagline = Live figures on how public services perform: how many people use them, how well they work, and what they cost.
home-overall = All services together
home-showcase = Worth a look
home-measures = What the figures mean
measure-cost = Cost per transaction
measure-cost-about = What it costs on average each time somebody completes what they came for.
measure-satisfaction = User satisfaction
measure-satisfaction-about = How satisfied people say they are after using a service, from 0% to 100%.
measure-completion = Completion rate
measure-completion-about = The share of people who begin with a service and reach its end.
measure-take-up = Digital take-up
measure-take-up-about = The share of people who use a service online rather than by post, by phone or in person.

# Search
search = Search
search-label = Search dashboards and figures
search-found = { $count ->
    [0] Nothing found
    [one] { $count } dashboard
   *[other] { $count } dashboards
 } for “{ $text }”
search-nothing = Check the spelling, or try fewer words: all of them must be in the title, description or organisation.

# Lists
list-failed = The list could not be loaded.
later = Please try again in a few minutes.
list-services = { $count } { $count ->
    [one] service
   *[other] services
 }
list-dashboards = { $count } { $count ->
    [one] dashboard
   *[other] dashboards
 }
list-departments-counted = { $count } { $count ->
    [one] organisation
   *[other] organisations
 }
list-caption-services = List of services
list-caption-departments = List of departments and other bodies
list-caption-dashboards = List of dashboards
list-matching = matching “{ $text }”
list-of = of { $organisation }
list-remove = (remove this filter)
list-search = Search by name
list-search-organisation = Search by name or organisation
list-example = For example “{ $text }”
list-organisation = Organisation
list-all-organisations = All organisations
list-departments = Departments
list-bodies = Other bodies
list-measures = Measures shown
list-go = Search
list-empty = There is nothing here yet. Dashboards appear in this list when they are published.
list-nothing = Nothing matches. Check the spelling, or try fewer letters.
list-whole = Show the whole list
list-no-measures = The figures of these services could not be loaded.
download = Download
download-of = Download: { $title }

# Headings and columns of lists
heading-services = Services data
heading-web-traffic = Web traffic dashboards
heading-departments = Departments and other bodies
heading-other = Other performance dashboards
heading-content = { $title }: web traffic
column-service = Service name
column-dashboard = Dashboard name
column-dashboards = Dashboards
column-department = Department
unknown = Unknown
measure-volume = Completed transactions per year
measure-total-cost = Cost per year
total-all = total for all { $listed } services
total-some = total for { $counted } { $counted ->
    [one] service
   *[other] services
 } out of { $listed }
mean-all = weighted average for all { $listed } services
mean-some = weighted average for { $counted } { $counted ->
    [one] service
   *[other] services
 } out of { $listed }

# Dashboards
nothing-yet = This dashboard has nothing to show yet.
related = Related pages
visit = Visit this service
find-out-more = Find out more
on-this-page = On this page
about-service = About this service
costs = Notes on costs
other-notes = Other notes
improve = Improve this dashboard
improve-text = If you run this service and can add data, write to
full-screen = Full screen
as-json = All figures as JSON
as-zip = All tables as ZIP
as-feed = Feed
fact-service = Part of
fact-agency = Other department or public body
fact-department = Ministerial department
fact-user = User
fact-payer = Service costs paid by
tagline-service = This dashboard shows how the <b>{ $name }</b> service performs.
tagline-organisation = This dashboard shows how selected services of <b>{ $name }</b> perform.
about-service-page = How the { $name } service performs: figures, charts and data.
about-module-page = { $name }: figures and data from the dashboard of { $dashboard }.

# Dates
dates = Dates shown
dates-usual = Usual dates
dates-last-months = Last { $months } months
dates-last-years = Last { $years } years
dates-all = All dates
dates-other = Other dates
dates-from = From
dates-to = To
dates-show = Show
dates-week = Week ending
dates-no-month = “{ $text }” is not a month such as 2016-05
dates-no-week = “{ $text }” is not a day of a week that has ended, such as 2016-05-30
dates-order = The first month is after the last one
compare = Compare with
compare-missing = There are no earlier values to compare with.
compare-in-table = The earlier values stand in the table: charts of this kind cannot show both.
compare-nothing = nothing
compare-previous-period = the period before
compare-previous-year = a year before

# What readers choose about charts of groups
choices = Change this chart
choices-drawing = How the chart is drawn
choices-series = Choose what is shown
choices-all = Show all
drawing-lines = Lines
drawing-stack = On top of each other
drawing-share = Shares
drawing-multiples = Side by side
drawing-unknown = “{ $text }” is not a way to draw this chart.
drawing-not-here = This chart cannot be drawn in that way: its values do not add up.
series-unknown = This chart has no “{ $text }”.

# Modules
restricted = Restricted data: not for publication
empty-section = Nothing to show yet
unknown-type = This part cannot be shown: its type “{ $type }” is not known here.
unknown-type-table = The type of this part, “{ $type }”, is not known here: its data is shown as a table.
failed = There was a problem getting this data.
failed-rest = The rest of the page is not affected.
outdated = Newer data could not be loaded. This is what was known on { $day } at { $time }.
again = Try again
show-table = Show the data as a table
table-of = { $title }: the data
table-region = Table: { $caption }
table-empty = No data available
about-data = About the data
chart-keys = choose with the arrow keys
multiples-keys = choose with the arrow keys, up and down for the next chart
embed = Show this in another page
embed-label = Put this into the HTML of your page:
no-data = no data
no-data-yet = There is no data to show yet.
no-data-dates = Other dates may have some.
none-of = 0 of { $began }
no-data-provided = No data provided
load-time = Page load time
uptime = Uptime
total = total
change-up = up
change-down = down
change-on = compared with { $period }
within-days = processed within { $days } working days
no-change = no change
on-last-week = on last week
online-now = { $count ->
    [one] user online now
   *[other] users online now
 }
online-at = { $count ->
    [one] user online at { $time }
   *[other] users online at { $time }
 }

# Where figures are from
as-query = Query
origin = About these data
origin-title = Title
origin-publisher = Published by
origin-page = Page
origin-source = Source
origin-query = Query
origin-range = Dates
origin-updated = Data last changed
origin-retrieved = Retrieved
origin-licence = Licence
origin-no-licence = none stated
origin-clock = { $day } at { $time }
origin-since = from { $day }
origin-until = to { $day }
origin-everything = all there are
origin-files = Files
file-latest = Latest
file-change = Change
file-share = Share
file-figure = Figure
file-entry = Entry
file-link = Link
origin-note = Source: { $source }. Dates: { $range }. Retrieved { $retrieved }. Licence: { $licence }.

# What modules measure
axis-date = Date
axis-period = Period
axis-notes = Notes
axis-category = Category
axis-time = Time
axis-users = Number of users
value = Value
so-far = so far
target = Target
target-least = at least { $value }
target-most = at most { $value }
target-met = met
target-missed = missed
target-open = not known yet
people = People
users = Users
answers = Answers
answers-of = { $title }: how answers are spread
answer-1 = Very dissatisfied
answer-2 = Dissatisfied
answer-3 = Neither satisfied or dissatisfied
answer-4 = Satisfied
answer-5 = Very satisfied
series-ago = { $name } ({ $extent } ago)

# Screens on walls
slides-nothing = This dashboard is not available in this view.
slides-no-latest = Latest data not available
slides-no-change = No change

# Pages about this site
about-heading = About dashboards
about-text = Dashboards show how services perform: how many people use them, how well they work, and what they cost. The figures come from the services themselves and are the same that those who run them use.
about-readers = Who they are for
about-reader-1 = People who run services, to see what to improve.
about-reader-2 = Journalists and researchers, who may use all figures.
about-reader-3 = Everybody who wants to know how public services do.
about-figures = The figures
about-figures-text = Each chart has a table with its values. Every module can be downloaded as a spreadsheet, as CSV and as JSON, its chart as a picture, and it can be shown inside other sites. Figures of a period are shown once it has ended.
accessibility-text = These pages are made to meet the Web Content Accessibility Guidelines 2.2 at level AA.
accessibility-1 = Everything works without scripts, with a keyboard, and at 400% zoom.
accessibility-2 = Every chart is described in a sentence and has a table with all its values.
accessibility-3 = Colour is never the only way to tell things apart. There are colours for light, dark and high-contrast screens.
accessibility-4 = Nothing moves for readers who ask for less motion.
accessibility-known = What we know is not accessible
accessibility-known-1 = Pictures of charts that are downloaded (PNG) have no text inside that screen readers can read. The page, the SVG and the table say the same.
accessibility-known-2 = Pages for large screens go from slide to slide by themselves. They are for walls; the dashboard itself has all that they show and stands still.
accessibility-known-3 = Words that those who run services write, such as notes and descriptions, may be harder to read than the rest.
accessibility-tested = How this is tested
accessibility-tested-text = Every change to these pages is tested in a browser with axe-core: every kind of page, on narrow screens, with text of double size, in light, dark and high-contrast colours, and without scripts. Programs find only a part of what people would.
accessibility-tell = Tell us
accessibility-mistakes = If you cannot read something, please tell those who run this site: that is a mistake and they want to mend it.
prototypes = Prototypes
prototypes-text = Prototypes show demonstration data. They may change or go away.
prototypes-none = There are no prototypes at the moment.

# Failures
error-not-found = Page not found
error-not-found-text = There is no page at this address. If you typed it, check that it is correct; if you followed a link, the page may have moved.
error-not-available = Page not available
error-not-available-text = What is stored at this address cannot be shown as a page.
error-gone = No longer available
error-gone-text = What was at this address has been withdrawn.
error-too-long = This address is too long
error-too-long-text = There is more after the question mark than any page needs. Leave some of it out.
error-trouble = This page could not be loaded
error-trouble-text = Something went wrong on our side. Please try again in a few minutes.
error-start = Go to the start page

# Reporting a problem
problem = Is there anything wrong with this page?
problem-service = For help with the service itself go to
problem-doing = What you were doing
problem-wrong = What went wrong
problem-private = Do not include personal or financial details.
problem-send = Send
problem-sending = Sending…
problem-sent = Thank you for your report.
problem-details = Please say what you were doing or what went wrong.
problem-failed = Sorry, your report could not be sent. Please try again in a few minutes.

# What charts show, in sentences
says-nothing = No data.
says-latest = { $when }: { $value }{ $year }.
says-latest-same = { $when }: { $value }, the same as { $before }{ $year }.
says-latest-up = { $when }: { $value }, up from { $was } { $before }{ $year }.
says-latest-down = { $when }: { $value }, down from { $was } { $before }{ $year }.
before-hour = the hour before
before-day = the day before
before-week = the week before
before-month = the month before
before-quarter = the quarter before
before-year = the year before
before-other = in { $when }
says-extremes = The highest was { $high } ({ $high-when }), the lowest { $low } ({ $low-when }).
says-highest = It is the highest shown; the lowest was { $low } ({ $low-when }).
says-lowest = It is the lowest shown; the highest was { $high } ({ $high-when }).
says-trend = { $trend } over the { $extent } shown.
says-values = { $when }: { $values }.
says-value = { $name } { $value }
says-value-of = { $value } ({ $name })
says-value-share = { $name } { $value } ({ $share })
says-together = Together { $value }.
says-beside = Against { $value } { $name }: { $change }.
says-comparison = For comparison: { $values }.
says-against = Compared with { $before }: { $values }.
says-all = All { $trend } over the { $extent } shown.
says-going = { $names } { $trend }
says-going-many = { $count } of { $all } { $trend }
says-trends = Over the { $extent } shown: { $trends }.
says-same-year = ; about the same as a year before
says-more-year = ; { $amount } more than a year before
says-less-year = ; { $amount } less than a year before
says-same = about the same
says-more = { $amount } more
says-less = { $amount } less
says-times = { $count } times
says-steps = { $first } { $from }, { $last } { $to }.
says-reach = Of { $from } at “{ $first }”, { $to } ({ $share }) got to “{ $last }”.
says-drop = Most were lost between “{ $from }” and “{ $to }”: { $lost }.
says-categories = Of { $count }, “{ $high-when }” is the highest ({ $high }) and “{ $low-when }” the lowest ({ $low }).
says-categories-of = { $axis }: of { $count }, “{ $high-when }” is the highest ({ $high }) and “{ $low-when }” the lowest ({ $low }).
says-so-far = { $when } is not over; so far: { $values }.
says-unended = { $when } is not over: its figures are those so far.
says-noted = Noted: { $notes }.
says-note = { $when }, { $text }
says-target-met = { $label } ({ $aim }): met in { $when } with { $value }.
says-target-missed = { $label } ({ $aim }): missed in { $when } with { $value }.
says-target-count = Met in { $count } of { $extent }.
says-target-open = { $label } ({ $aim }): there is no value to compare with it yet.
says-target-all = { $label } ({ $aim }) in { $when }: met by { $met }.
says-target-none = { $label } ({ $aim }) in { $when }: missed by { $missed }.
says-target-some = { $label } ({ $aim }) in { $when }: met by { $met }; missed by { $missed }.
says-target-figure = { $label }, { $aim }: { $met }
says-many = { $count } series. { $when }: from { $most } down to { $least }.
says-not-drawn = The first { $count } are drawn.
says-missing = No data for { $names }.
says-missing-many = No data for { $count } of the { $extent }.
list-and = { $firsts } and { $last }
trend-level = Level
trend-unclear = Up and down
trend-rising-strongly = Rising strongly
trend-rising = Rising
trend-falling-strongly = Falling strongly
trend-falling = Falling
extent-hour = { $count } { $count ->
    [one] hour
   *[other] hours
 }
extent-day = { $count } { $count ->
    [one] day
   *[other] days
 }
extent-week = { $count } { $count ->
    [one] week
   *[other] weeks
 }
extent-month = { $count } { $count ->
    [one] month
   *[other] months
 }
extent-quarter = { $count } { $count ->
    [one] quarter
   *[other] quarters
 }
extent-year = { $count } { $count ->
    [one] year
   *[other] years
 }
extent-period = { $count } { $count ->
    [one] period
   *[other] periods
 }
extent-value = { $count } { $count ->
    [one] value
   *[other] values
 }

# Dates in words
range = { $first } to { $last }
months = January February March April May June July August September October November December
short-months = Jan Feb Mar Apr May June July Aug Sep Oct Nov Dec
weekdays = Monday Tuesday Wednesday Thursday Friday Saturday Sunday
plural = { $singular }s
half-days = am pm
midnight = midnight
midday = midday
today = today
yesterday = yesterday
tomorrow = tomorrow
last-weekday = last { $weekday }
ordinals = st nd rd th th th th th th th th th th th th th th th th th st nd rd th th th th th th th st
