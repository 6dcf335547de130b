use super::*;
use chrono::{Months, TimeZone};

fn months(count: u32) -> Vec<Slot> {
    let start = Utc.with_ymd_and_hms(2015, 5, 1, 0, 0, 0).unwrap();
    (0..count)
        .map(|index| {
            let at = start + Months::new(index);
            Slot { label: at.format("%B %Y").to_string(), at: Some(at) }
        })
        .collect()
}

fn series(name: &str, values: &[Option<f64>]) -> Series {
    Series::new(name, values.to_vec())
}

fn line(values: &[Option<f64>]) -> Chart {
    let mut chart = Chart::new(
        "licences",
        "Licences",
        Kind::Line,
        months(values.len() as u32),
        vec![series("Licences", values)],
    );
    chart.span = Some(Span::Month);
    chart
}

#[test]
fn gaps_break_the_line_and_lonely_values_are_marked() {
    let mut values = vec![Some(1.0); 20];
    values[4] = None;
    values[5] = Some(7.0);
    values[6] = None;
    let svg = render(&line(&values)).into_string();
    let path =
        svg.split("class=\"line s1\" data-series=\"0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(path.matches('M').count(), 3, "{path}");
    assert_eq!(svg.matches("class=\"mark s1\"").count(), 2, "the lonely value and the last");
    assert_eq!(svg.matches("slot empty").count(), 2);
}

#[test]
fn values_that_are_no_numbers_are_gaps() {
    let svg = render(&line(&[Some(1.0), Some(f64::NAN), Some(f64::INFINITY), Some(2.0)])).into_string();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn nothing_is_said_to_be_nothing() {
    assert!(render(&line(&[None, None])).into_string().contains("There is no data"));
    assert!(render(&line(&[])).into_string().contains("There is no data"));
    assert_eq!(describe(&line(&[None])), "No data.");
}

#[test]
fn every_kind_draws_any_number_of_values() {
    for kind in [
        Kind::Line,
        Kind::Multiples,
        Kind::Stack,
        Kind::Share,
        Kind::Bar,
        Kind::Steps,
        Kind::Parts,
        Kind::Spark,
    ] {
        for count in [1_u32, 2, 7, 500] {
            for names in 1..=9 {
                let values: Vec<Option<f64>> =
                    (0..count).map(|n| (n % 5 != 3).then_some(f64::from(n) * 1.5)).collect();
                let all = (0..names).map(|n| series(&format!("Series {n}"), &values)).collect();
                let mut chart = Chart::new("c", "C", kind, months(count), all);
                chart.span = Some(Span::Month);
                let svg = render(&chart).into_string();
                assert!(svg.contains("role=\"img\"") && !svg.contains("NaN"), "{kind:?} {count} {names}");
                let file = standalone(&chart, 800.0, Theme::Dark, None);
                assert!(
                    file.starts_with("<svg") && !file.contains("NaN") && file.matches("%\"").count() == 2,
                    "{kind:?} {count}"
                );
            }
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let evil = "</title></svg><script>alert(1)</script>\"'&";
    for kind in [
        Kind::Line,
        Kind::Multiples,
        Kind::Stack,
        Kind::Share,
        Kind::Bar,
        Kind::Steps,
        Kind::Parts,
        Kind::Spark,
    ] {
        let slots = vec![Slot { label: evil.into(), at: None }, Slot { label: evil.into(), at: None }];
        let values = [Some(1.0), Some(2.0)];
        let mut chart =
            Chart::new("c", evil, kind, slots, vec![series(evil, &values), series(evil, &values)]);
        chart.format = Arc::new(|value| format!("<b>{value}</b>"));
        let (from, until) = (months(1)[0].at.unwrap(), months(2)[1].at.unwrap());
        chart.span = Some(Span::Month);
        for (slot, month) in chart.slots.iter_mut().zip(months(2)) {
            slot.at = month.at;
        }
        chart.annotations = vec![Annotation {
            from,
            until,
            lasted: true,
            when: evil.into(),
            text: evil.into(),
            href: Some("javascript:alert(1)".into()),
        }];
        chart.targets = vec![Target {
            value: 1.5,
            least: true,
            label: evil.into(),
            from: None,
            until: None,
            aimed: Aimed::Each,
        }];
        for text in [render(&chart).into_string(), standalone(&chart, 600.0, Theme::Light, None)] {
            assert!(!text.contains("<script") && !text.contains("<b>"), "{kind:?}: {text}");
        }
    }
}

#[test]
fn a_line_is_described_as_a_person_would() {
    let values = [Some(900.0), Some(950.0), None, Some(1000.0), Some(1020.0), Some(1100.0)];
    assert_eq!(
        describe(&line(&values)),
        "October 2015: 1,100, up from 1,020 the month before. It is the highest shown; the lowest was 900 (May 2015). \
         Rising over the 6 months shown. No data for July 2015."
    );
}

#[test]
fn a_value_is_compared_with_the_last_one_known_and_with_a_year_before() {
    let mut values: Vec<Option<f64>> = (0..14).map(|n| Some(100.0 + f64::from(n % 3))).collect();
    values[13] = Some(150.0);
    values[12] = None;
    values[5] = Some(200.0);
    let said = describe(&line(&values));
    assert!(
        said.starts_with(
            "June 2016: 150, up from 102 in April 2016; 49% more than a year before. \
             The highest was 200 (October 2015), the lowest 100 (May 2015)."
        ),
        "{said}"
    );
}

#[test]
fn a_comparison_is_described_by_what_has_changed() {
    let mut chart = line(&[Some(100.0), Some(110.0), Some(120.0)]);
    let earlier = series("a year before", &[Some(90.0), Some(95.0), Some(100.0)]);
    chart.series.push(Series { dashed: true, ..earlier });
    assert_eq!(
        describe(&chart),
        "July 2015: 120, up from 110 the month before. Against 100 a year before: 20% more. \
         It is the highest shown; the lowest was 100 (May 2015)."
    );
}

#[test]
fn categories_are_described_by_the_ends_of_their_order() {
    let slots = ["5", "", "20"].map(|label| Slot { label: label.into(), at: None }).to_vec();
    let chart = Chart::new("c", "C", Kind::Bar, slots, vec![series("C", &[Some(7.0), Some(9.0), Some(2.0)])]);
    assert_eq!(describe(&chart), "Of 3, “Unknown” is the highest (9) and “20” the lowest (2).");
}

#[test]
fn a_stack_is_described_with_its_shares() {
    let mut chart = Chart::new(
        "c",
        "C",
        Kind::Stack,
        months(4),
        vec![
            series("Online", &[Some(50.0), Some(60.0), Some(70.0), Some(75.0)]),
            series("Post", &[Some(50.0), Some(40.0), Some(30.0), Some(25.0)]),
        ],
    );
    chart.span = Some(Span::Month);
    assert_eq!(
        describe(&chart),
        "August 2015: Online 75 (75%) and Post 25 (25%). Together 100. \
         Over the 4 months shown: Online rising strongly; Post falling strongly."
    );
}

#[test]
fn a_journey_is_described_by_who_arrives() {
    let slots = ["Start", "Details", "Done"].map(|label| Slot { label: label.into(), at: None }).to_vec();
    let chart = Chart::new(
        "j",
        "J",
        Kind::Steps,
        slots,
        vec![series("Users", &[Some(200.0), Some(80.0), Some(60.0)])],
    );
    assert_eq!(
        describe(&chart),
        "Of 200 at “Start”, 60 (30%) got to “Done”. Most were lost between “Start” and “Details”: 120."
    );
}

#[test]
fn parts_are_described_by_their_shares_the_largest_first() {
    let slots = ["Bad", "Fair", "Good"].map(|label| Slot { label: label.into(), at: None }).to_vec();
    let values = series("Answers", &[Some(20.0), Some(30.0), Some(150.0)]);
    let chart = Chart::new("a", "A", Kind::Parts, slots, vec![values]);
    assert_eq!(describe(&chart), "Good 150 (75%), Fair 30 (15%) and Bad 20 (10%).");
    assert!(render(&chart).into_string().contains(">75%<"));
}

#[test]
fn shares_are_neither_nothing_nor_all_by_rounding() {
    for (share, told) in [
        (0.0, "0%"),
        (0.0001, "<1%"),
        (0.004, "<1%"),
        (0.126, "13%"),
        (0.999, ">99%"),
        (1.0, "100%"),
        (1.2, "120%"),
    ] {
        assert_eq!(text::share(share), told);
    }
}

#[test]
fn numbers_stay_after_names_that_are_read_from_the_right() {
    let mut boats = line(&[Some(1.0), Some(2.0)]);
    boats.series = vec![series("סירות", &[Some(1.0), Some(2.0)]), series("Boats", &[Some(3.0), Some(4.0)])];
    assert!(
        describe(&boats).starts_with("June 2015: \u{2068}סירות\u{2069} 2 and Boats 4."),
        "{}",
        describe(&boats)
    );
    assert_eq!(boats.tooltip(1), "June 2015\n\u{2068}סירות\u{2069}: 2\nBoats: 4");
    boats.series.remove(0);
    assert!(!describe(&boats).contains('\u{2068}'), "other texts have no marks");
}

#[test]
fn of_hundreds_of_series_it_is_said_how_many_go_where() {
    let mut boats = line(&[Some(0.0); 12]);
    boats.kind = Kind::Multiples;
    let one = |place: usize| {
        let rise = if place < 3 { 10.0 } else { 0.0 };
        let values = (0..12).map(|month| Some(100.0 + place as f64 + rise * f64::from(month)));
        series(&format!("Quay {place}"), &values.collect::<Vec<_>>())
    };
    boats.series = (0..200).map(one).collect();
    assert_eq!(
        describe(&boats),
        "200 series. April 2016: from 299 (Quay 199) down to 103 (Quay 3). The first 60 are drawn. \
         Over the 12 months shown: Quay 0, Quay 1 and Quay 2 rising strongly; 197 of 200 level."
    );
}

#[test]
fn large_counts_have_their_thousands_apart() {
    let mut days = line(&[Some(1.0); 3000]);
    days.span = Some(Span::Day);
    assert!(describe(&days).contains("Level over the 3,000 days shown."), "{}", describe(&days));
}
