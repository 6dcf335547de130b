//! An answer as a table for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use query_lang::{Period, Query};
use serde_json::{Map, Value};

type Row = Map<String, Value>;

/// The columns that come first, where they are.
const FIRST: [&str; 5] = ["_id", "_timestamp", "_start_at", "_end_at", "_count"];

/// One column a name and one line a row; groups of periods as one line a period. Numbers stand to the right.
pub fn of(rows: &[Row], query: &Query) -> String {
    if rows.is_empty() {
        return "no rows: nothing matches the query".to_owned();
    }
    let rows: Vec<Row> = rows.iter().flat_map(periods_as_rows).collect();
    let columns = columns(&rows, query);
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(&columns);
    for row in &rows {
        table.add_row(columns.iter().map(|name| cell(row.get(*name))));
    }
    for (index, name) in columns.iter().enumerate() {
        let is_number =
            rows.iter().filter_map(|row| row.get(*name)).all(|value| value.is_number() || value.is_null());
        if let Some(column) = table.column_mut(index).filter(|_| is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// A group with its periods inside as rows with the keys of the group; another row as it is.
fn periods_as_rows(row: &Row) -> Vec<Row> {
    let Some(Value::Array(values)) = row.get("values") else { return vec![row.clone()] };
    let Some(periods) = values.iter().map(Value::as_object).collect::<Option<Vec<_>>>() else {
        return vec![row.clone()];
    };
    let own = |name: &String| name != "values" && name != "_group_count" && name != "_count";
    let one = |period: &Row| {
        let mut whole = period.clone();
        for (name, value) in row.iter().filter(|(name, _)| own(name) && !period.contains_key(*name)) {
            whole.insert(name.clone(), value.clone());
        }
        whole
    };
    periods.into_iter().map(one).collect()
}

/// The names of the rows: what was asked for, else keys of groups, then those of the platform, then all others by name.
fn columns<'a>(rows: &'a [Row], query: &'a Query) -> Vec<&'a str> {
    if !query.fields.is_empty() {
        return query.fields.iter().map(String::as_str).collect();
    }
    let mut names: Vec<&str> = rows.iter().flat_map(Row::keys).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let follows_from_time =
        |name: &str| name == "_updated_at" || Period::ALL.iter().any(|period| period.start_key() == name);
    if query.is_raw() {
        names.retain(|name| !follows_from_time(name));
    }
    let place = |name: &str| {
        let group = query.group_by.iter().position(|key| key == name);
        let first = FIRST.iter().position(|first| *first == name).map(|place| place + query.group_by.len());
        group.or(first).unwrap_or(usize::MAX)
    };
    // The sort is stable: names without a place of their own stay in their order.
    names.sort_by_key(|name| place(name));
    names
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => short_time(text).unwrap_or_else(|| text.clone()),
        Some(Value::Array(values)) => {
            values.iter().map(|value| cell(Some(value))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// A time of the platform without what goes without saying: the zone, midnight, and zeros behind a fraction.
fn short_time(text: &str) -> Option<String> {
    let (day, rest) = text.split_once('T')?;
    let (clock, offset) = rest.split_at_checked(rest.len().checked_sub(6)?)?;
    let is_time = day.len() == 10 && clock.len() >= 8 && offset.contains(':');
    if !is_time || chrono::DateTime::parse_from_rfc3339(text).is_err() {
        return None;
    }
    let clock = if clock.contains('.') { clock.trim_end_matches('0') } else { clock };
    let clock = if clock == "00:00:00" { String::new() } else { format!(" {clock}") };
    let offset = if offset == "+00:00" { "" } else { offset };
    Some(format!("{day}{clock}{offset}"))
}

#[cfg(test)]
mod tests {
    use query_lang::{Policy, parse};
    use serde_json::json;

    use super::*;

    fn shown(rows: Value, query: &str) -> Vec<String> {
        let rows: Vec<Row> = serde_json::from_value(rows).unwrap();
        let policy = Policy { raw_queries_allowed: true };
        let query = parse(query, &policy, chrono::DateTime::UNIX_EPOCH).unwrap();
        let words = |line: &str| line.split(['│', '┆']).map(str::trim).collect::<Vec<_>>().join("|");
        of(&rows, &query).lines().filter(|line| line.starts_with('│')).map(words).collect()
    }

    #[test]
    fn a_table_has_a_column_for_every_name_and_none_for_what_follows_from_the_time() {
        let rows = json!([
            {"_id": "1", "_timestamp": "2026-03-02T08:05:00+00:00", "_updated_at": "2026-03-02T08:05:00+00:00", "_week_start_at": "x", "aa": 1},
            {"_id": "2", "aa": null, "Zz": ["x", 2]},
        ]);
        assert_eq!(
            shown(rows, ""),
            ["|_id|_timestamp|Zz|aa|", "|1|2026-03-02 08:05:00|-|1|", "|2|-|x, 2|-|"]
        );
    }

    #[test]
    fn periods_of_groups_are_rows() {
        let rows = json!([{"_count": 5, "_group_count": 1, "fee:sum": 7, "route": "north", "values": [
            {"_count": 5, "_start_at": "2026-03-01T00:00:00+00:00", "_end_at": "2026-04-01T00:00:00+01:00", "fee:sum": 7},
            {"_count": 0, "_start_at": "2026-04-01T00:00:00+01:00", "_end_at": "2026-05-01T00:00:00+01:00", "fee:sum": null},
        ]}]);
        assert_eq!(
            shown(rows, "period=month&duration=2&group_by=route&collect=fee:sum&timezone=Europe/London"),
            [
                "|route|_start_at|_end_at|_count|fee:sum|",
                "|north|2026-03-01|2026-04-01+01:00|5|7|",
                "|north|2026-04-01+01:00|2026-05-01+01:00|0|-|"
            ]
        );
    }

    #[test]
    fn only_times_of_the_platform_are_shortened() {
        for text in
            ["T", "PAINT", "2026-03-02T08:05:00Z", "2026-13-02T08:05:00+00:00", "aT\u{e9}\u{e9}\u{e9}\u{e9}"]
        {
            assert_eq!(short_time(text), None, "{text}");
        }
        assert_eq!(short_time("2026-03-02T08:05:00.440000+00:00").unwrap(), "2026-03-02 08:05:00.44");
        assert_eq!(short_time("2026-03-02T08:05:30+01:00").unwrap(), "2026-03-02 08:05:30+01:00");
    }
}
