//! The examples by which formats are agreed on.

#![allow(clippy::approx_constant, reason = "figures, not circles")]

use super::*;
use serde_json::json;

fn now() -> DateTime<Utc> {
    date::parse_text("2016-06-15T10:00:00Z").unwrap()
}

fn text(value: Value, format: Value) -> String {
    let format = Format::parse(&format).unwrap();
    match format.write(&value, now()) {
        None => "-".to_owned(),
        Some(Text { text, full: Some(full), .. }) => format!("{text} ({full})"),
        Some(text) => text.text,
    }
}

/// One line of a table: the value, the options on top of the type, what is written.
type Example = (Value, Value, &'static str);

fn check(kind: &str, examples: &[Example]) {
    for (value, options, expected) in examples {
        let mut format = options.clone();
        format["type"] = json!(kind);
        assert_eq!(text(value.clone(), format), *expected, "{value} as {kind} {options}");
    }
}

#[test]
fn numbers_have_three_significant_figures() {
    let plain = json!({});
    let cases = [
        (json!(0), "0"),
        (json!(0.004), "0"),
        (json!(0.005), "0.01"),
        (json!(0.0456), "0.05"),
        (json!(0.5), "0.5"),
        (json!(0.999), "1"),
        (json!(9.999), "10"),
        (json!(9.995), "9.99"),
        (json!(1.005), "1"),
        (json!(42), "42"),
        (json!(42.25), "42.3"),
        (json!(99.96), "100"),
        (json!(512.7), "513"),
        (json!(4567.8), "4,568"),
        (json!(7654321), "7,654,321"),
        (json!(-3.14159), "-3.14"),
        (json!("1234.5"), "1,235"),
        (json!("abc"), "abc"),
        (json!(null), "-"),
    ];
    check("number", &cases.map(|(value, expected)| (value, plain.clone(), expected)));
}

#[test]
fn numbers_follow_their_options() {
    check(
        "number",
        &[
            (json!(7), json!({"pad": true}), "7.00"),
            (json!(70), json!({"pad": true}), "70.0"),
            (json!(700), json!({"pad": true}), "700"),
            (json!(3.1), json!({"dps": 3}), "3.1"),
            (json!(3.1), json!({"dps": 3, "fixed": 3}), "3.100"),
            (json!(3.16), json!({"fixed": 1}), "3.16"),
            (json!(8642), json!({"dps": -2}), "8,600"),
            (json!(8642), json!({"commas": false}), "8642"),
            (json!(5.4321), json!({"sigfigs": 1}), "5"),
            (json!(54321), json!({"sigfigs": 2}), "54,321"),
            (json!(0.123456), json!({"sigfigs": 5}), "0.1235"),
        ],
    );
}

#[test]
fn large_numbers_are_shortened() {
    let short = json!({"magnitude": true});
    let padded = json!({"magnitude": true, "pad": true});
    let cases = [
        (json!(999), "999"),
        (json!(1000), "1,000"),
        (json!(9994), "9,994"),
        (json!(9995), "9.99k"),
        (json!(9999), "10k"),
        (json!(12345), "12.3k"),
        (json!(12000), "12k"),
        (json!(999499), "999k"),
        (json!(999500), "1m"),
        (json!(1500000), "1.5m"),
        (json!(45830000), "45.8m"),
        (json!(999600000), "1bn"),
        (json!(2990000000_u64), "2.99bn"),
        (json!(7400000000000_u64), "7,400bn"),
        (json!(-45830000), "-45.8m"),
    ];
    check("number", &cases.map(|(value, expected)| (value, short.clone(), expected)));
    check(
        "number",
        &[
            (json!(12000), padded.clone(), "12.0k"),
            (json!(250), padded.clone(), "250"),
            (json!(2.5), padded, "2.5"),
            (json!(750), json!({"magnitude": {"value": 1000, "suffix": "k"}}), "0.75k"),
            (json!(6543210), json!({"magnitude": true, "abbr": true}), "6.54m (6,543,210)"),
            (json!(6543), json!({"magnitude": true, "abbr": true}), "6,543"),
        ],
    );
}

#[test]
fn integers_round_halves_up() {
    let plain = json!({});
    let cases = [
        (json!(0.4), "0"),
        (json!(0.5), "1"),
        (json!(2.5), "3"),
        (json!(-0.5), "0"),
        (json!(-1.5), "-1"),
        (json!("abc"), "-"),
    ];
    check("integer", &cases.map(|(value, expected)| (value, plain.clone(), expected)));
    check("integer", &[(json!(56789), json!({"magnitude": true, "sigfigs": 3, "pad": true}), "56.8k")]);
}

#[test]
fn money_has_pence_where_they_matter() {
    check(
        "currency",
        &[
            (json!(0), json!({}), "£0"),
            (json!(0.004), json!({}), "£0"),
            (json!(0.25), json!({}), "£0.25"),
            (json!(3.999), json!({}), "£4.00"),
            (json!(9.999), json!({}), "£10.00"),
            (json!(10), json!({}), "£10"),
            (json!(10.49), json!({}), "£10"),
            (json!(59), json!({"pence": true}), "£59.00"),
            (json!(1234.5), json!({"pence": true}), "£1,234.50"),
            (json!(12.5), json!({"dps": 2}), "£13"),
            (json!(2500000), json!({"magnitude": true, "sigfigs": 3}), "£2.5m"),
            (json!(450000), json!({"magnitude": true, "sigfigs": 3}), "£450k"),
            (json!(62000), json!({"magnitude": true, "pence": true}), "£62.00k"),
            (json!(345983458), json!({"magnitude": true, "abbr": true}), "£346m (£345,983,458)"),
            (json!(8), json!({"symbol": "€"}), "€8.00"),
            (json!(0.4), json!({"pence": false}), "£0"),
            (json!(-500), json!({}), "-£500"),
            (json!(-5), json!({}), "-£5.00"),
        ],
    );
}

#[test]
fn shares_are_percentages() {
    let signed = json!({"dps": 2, "pad": true, "showSigns": true});
    check(
        "percent",
        &[
            (json!(0), json!({}), "0%"),
            (json!(0.0004), json!({}), "0%"),
            (json!(0.1234), json!({}), "12.3%"),
            (json!(0.9996), json!({}), "100%"),
            (json!(1.25), json!({}), "125%"),
            (json!(12.345), json!({}), "1,234.5%"),
            (json!(0.5), json!({"pad": true}), "50.0%"),
            (json!(0.1234), json!({"dps": 0}), "12%"),
            (json!(37), json!({"normalisation": 50}), "74%"),
            (json!("n/a"), json!({}), "n/a"),
            (json!(-0.2), json!({}), "-20%"),
            (json!(-0.2), json!({"showSigns": true}), "\u{2212}20%"),
            (json!(0.1234), signed.clone(), "+12.34%"),
            (json!(0.1), signed.clone(), "+10.00%"),
            (json!(1), signed.clone(), "+100%"),
            (json!(-1), signed.clone(), "\u{2212}100.00%"),
            (json!(0), signed.clone(), "0%"),
            (json!(0.00001), signed.clone(), "0%"),
            (json!(-0.00001), signed, "0%"),
        ],
    );
}

#[test]
fn durations_are_given_in_milliseconds() {
    check(
        "duration",
        &[
            (json!(250), json!({}), "250ms"),
            (json!(2500), json!({}), "2,500ms"),
            (json!(2500), json!({"unit": "s"}), "2.50s"),
            (json!(2500), json!({"unit": "s", "pad": false}), "2.5s"),
            (json!(60000), json!({"unit": "s"}), "60.0s"),
            (json!(90000), json!({"unit": "m"}), "1m 30s"),
            (json!(120000), json!({"unit": "m"}), "2m"),
            (json!(3725400), json!({"unit": "m"}), "62m 5s"),
            (json!(59700), json!({"unit": "m"}), "1m"),
        ],
    );
}

#[test]
fn dates_follow_their_patterns() {
    check(
        "date",
        &[
            (json!("2014-06-05T09:07:00Z"), json!({}), "5 June 2014"),
            (json!("2014-07-05"), json!({"format": "MMM YYYY"}), "July 2014"),
            (json!("2014-07-05"), json!({"calendar": true}), "5 July 2014"),
            (json!("2016-06-14T23:00:00Z"), json!({"calendar": true}), "yesterday"),
            (json!("2016-06-12"), json!({"calendar": true}), "last Sunday"),
            (json!("2014-07-03"), json!({"format": "dddd Do MMMM"}), "Thursday 3rd July"),
            (json!("nonsense"), json!({}), "nonsense"),
            (json!(null), json!({}), "-"),
        ],
    );
    check(
        "time",
        &[
            (json!("2014-06-05T09:07:00Z"), json!({}), "9:07am"),
            (json!("2014-06-05T00:00:00Z"), json!({}), "12:00am"),
            (json!("2014-06-05T12:30:00Z"), json!({"format": "ha"}), "12pm"),
            (json!(["2014-06-05T10:00:00Z", "2014-06-05T11:00:00Z"]), json!({}), "10:00am to 11:00am"),
        ],
    );
}

#[test]
fn ranges_do_not_repeat_themselves() {
    let months = json!({"format": "MMM YYYY"});
    check(
        "date",
        &[
            (json!(["2014-02-03", "2014-02-10"]), json!({}), "3 to 9 February 2014"),
            (json!(["2014-02-24", "2014-03-03"]), json!({}), "24 February to 2 March 2014"),
            (json!(["2013-12-30", "2014-01-06"]), json!({}), "30 December 2013 to 5 January 2014"),
            (json!(["2014-02-03", "2014-02-04"]), json!({}), "3 February 2014"),
            (json!(["2014-01-01", "2014-04-01"]), months.clone(), "Jan to Mar 2014"),
            (json!(["2014-03-01", "2014-04-01"]), months, "Mar 2014"),
            (json!(["2014-03-01", "2014-04-01"]), json!({"subtract": null}), "1 March to 1 April 2014"),
            (json!(["2014-05-05", "2014-05-12"]), json!({"format": "DD/MM/YY"}), "05/05/14 to 11/05/14"),
            (json!(["2014-05-05", null]), json!({}), "5 May 2014"),
            (json!(["2014-05-05"]), json!({}), "5 May 2014"),
            (json!([null, null]), json!({}), "-"),
        ],
    );
}

#[test]
fn phrases_are_made_of_slugs() {
    check(
        "sentence",
        &[
            (json!("passport-renewal"), json!({}), "Passport renewal"),
            (json!("where-can-i-park"), json!({}), "Where can I park?"),
            (json!("a-hmrc-form"), json!({"uppercase": ["hmrc"]}), "A HMRC form"),
            (json!(""), json!({}), ""),
        ],
    );
    check(
        "plural",
        &[
            (json!(0), json!({"singular": "user"}), "users"),
            (json!(1), json!({"singular": "user"}), "user"),
            (json!(3), json!({"singular": "person", "plural": "people"}), "people"),
        ],
    );
    let link = Format::new(Kind::Url).write(&json!("https://a.example/?b=1&c=2"), now()).unwrap();
    assert_eq!(
        (link.text.as_str(), link.href.as_deref()),
        ("https://a.example/?b=1&c=2", Some("https://a.example/?b=1&c=2"))
    );
    assert_eq!(text(json!(12.3), json!("no such rule")), "12.3");
}

#[test]
fn periods_have_names() {
    let label = |period: &str, start: &str, end: Option<&str>| {
        period::label_of(date::parse_text(start).unwrap(), end.and_then(date::parse_text), period)
    };
    assert_eq!(label("hour", "2016-02-01T14:00:00Z", None), "2:00pm, 1 Feb 2016");
    assert_eq!(label("day", "2016-02-01", None), "1 Feb 2016");
    assert_eq!(label("week", "2016-02-01", Some("2016-02-08")), "1 to 7 Feb 2016");
    assert_eq!(label("week", "2016-02-29", Some("2016-03-07")), "29 Feb to 6 Mar 2016");
    assert_eq!(label("week", "2015-12-28", Some("2016-01-04")), "28 Dec 2015 to 3 Jan 2016");
    assert_eq!(label("week", "2016-02-01", Some("2016-02-02")), "1 Feb 2016");
    assert_eq!(label("month", "2016-02-01", Some("2016-03-01")), "February 2016");
    assert_eq!(label("quarter", "2016-04-01", Some("2016-07-01")), "Apr to June 2016");
    assert_eq!(label("quarter", "2015-07-01", Some("2016-07-01")), "July 2015 to June 2016");
    assert_eq!(label("quarter", "2013-11-01", Some("2014-02-01")), "Nov 2013 to Jan 2014");
    assert_eq!(label("year", "2015-10-01", Some("2016-10-01")), "2015");
    assert_eq!(label("fortnight", "2016-02-01", None), "1 February 2016");
}

#[test]
fn the_labels_of_an_axis_agree() {
    let labels =
        |format: &str, ticks: &[f64]| axis::labels(&Format::parse(&json!(format)).unwrap(), ticks).join(" ");
    assert_eq!(labels("currency", &[0.0, 1.0, 2.0]), "£0 £1.00 £2.00");
    assert_eq!(labels("currency", &[0.0, 5.0, 10.0]), "£0 £5.00 £10");
    assert_eq!(labels("integer", &[0.0, 200.0, 1600.0]), "0 200 1,600");
    assert_eq!(labels("number", &[0.0, 5000.0, 25000.0]), "0 5k 25k");
    assert_eq!(labels("number", &[0.0, 200_000.0, 1_000_000.0, 1_400_000.0]), "0 0.2m 1.0m 1.4m");
    assert_eq!(labels("number", &[0.0, 0.2, 0.4, 0.6]), "0 0.2 0.4 0.6");
    assert_eq!(labels("percent", &[0.0, 0.5, 1.0]), "0% 50% 100%");
}
