//! `user_satisfaction`: a score between 0 and 1 from how many people gave each of five ratings in a period.

use serde_json::Value;

use crate::number::{self, real};
use crate::{Function, Input, Output, Unfit, options, periods};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.user_satisfaction.compute",
    name: "user_satisfaction",
    options: || options::schema(&[]),
    compute,
};

const TOTAL: &str = "total:sum";

fn compute(input: &Input<'_>) -> Result<Output, Unfit> {
    let mut records = Vec::new();
    for row in input.rows {
        let mut record = periods::record(periods::of(row)?, &[]);
        let mut weighted = 0.0;
        for rating in 1..=5 {
            let field = format!("rating_{rating}:sum");
            let people = row.get(&field);
            weighted += f64::from(rating) * number::of(people, &field)?.unwrap_or(0.0);
            record.insert(format!("rating_{rating}"), people.cloned().unwrap_or(Value::Null));
        }
        let total = number::of(row.get(TOTAL), TOTAL)?.filter(|total| *total != 0.0);
        let score = total.map(|total| (weighted / total - 1.0) / 4.0);
        record.insert("num_responses".to_owned(), row.get(TOTAL).cloned().unwrap_or(Value::Null));
        record.insert("score".to_owned(), score.map_or(Value::Null, real));
        records.push(record);
    }
    Ok(Output { records, keeps_newer: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{records, run};
    use serde_json::json;

    fn row(ratings: [Value; 5], total: Value) -> Value {
        let mut row =
            json!({"_start_at": "2015-01-05T00:00:00+00:00", "_end_at": "2015-01-12T00:00:00+00:00"});
        for (place, people) in ratings.into_iter().enumerate() {
            row[format!("rating_{}:sum", place + 1)] = people;
        }
        row["total:sum"] = total;
        row
    }

    #[test]
    fn ratings_become_a_score() {
        let rows = json!([row([2.0, 1.0, 1.0, 4.0, 2.0].map(Value::from), json!(10.0))]);
        let expected = json!([{
            "_id": "MjAxNS0wMS0wNVQwMDowMDowMCswMDowMF8yMDE1LTAxLTEyVDAwOjAwOjAwKzAwOjAw",
            "_timestamp": "2015-01-05T00:00:00+00:00", "_start_at": "2015-01-05T00:00:00+00:00",
            "_end_at": "2015-01-12T00:00:00+00:00",
            "rating_1": 2.0, "rating_2": 1.0, "rating_3": 1.0, "rating_4": 4.0, "rating_5": 2.0,
            "num_responses": 10.0, "score": 0.575,
        }]);
        let mut made = records(run(&FUNCTION, &rows, &json!({})));
        let score = made[0]["score"].as_f64().unwrap();
        assert!((score - 0.575).abs() < 1e-12);
        made[0]["score"] = json!(0.575);
        assert_eq!(made, expected);
    }

    #[test]
    fn scores_go_from_0_to_1_and_nobody_gives_none() {
        let null = || Value::Null;
        for (ratings, total, score) in [
            ([3, 0, 0, 0, 1].map(Value::from), json!(4), json!(0.25)),
            ([0, 0, 0, 0, 5].map(Value::from), json!(5), json!(1.0)),
            ([4, 0, 0, 0, 0].map(Value::from), json!(4), json!(0.0)),
            ([0, 0, 0, 0, 0].map(Value::from), json!(0), null()),
            ([null(), null(), null(), null(), null()], null(), null()),
            // A rating that nobody gave is nothing.
            ([null(), null(), json!(2), null(), null()], json!(2), json!(0.5)),
        ] {
            let made = records(run(&FUNCTION, &json!([row(ratings, total)]), &json!({})));
            assert_eq!(made[0]["score"], score);
        }
    }
}
