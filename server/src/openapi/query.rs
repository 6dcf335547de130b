//! The parameters of query strings: which there are at each path, and what they do.

use super::Operation;

/// A name, and what it is for.
pub type Parameter = (&'static str, &'static str);

/// Those of a question to a data set.
const QUESTION: &[Parameter] = &[
    ("start_at", "no records before this time"),
    ("end_at", "no records from this time on"),
    ("inclusive", "`true`: records at `end_at` itself count too"),
    ("filter_by", "`key:value`: only records with this value; may be repeated"),
    ("filter_by_prefix", "`key:text`: only records whose value begins so; may be repeated"),
    ("filter", "a condition: only records of which it is true"),
    ("group_by", "a key: one row a value; may be repeated"),
    ("collect", "`key:method`: values of each group or period; may be repeated"),
    ("period", "a length such as `week`: one row a calendar period"),
    ("duration", "so many periods"),
    ("timezone", "a name such as `Europe/London`: periods begin at midnight there"),
    ("compare", "`previous_period` or `previous_year`: earlier values beside each period"),
    ("cumulative", "`true`: running totals"),
    ("fill", "`null`, `zero` or `previous`: values of periods without records"),
    ("sort_by", "`key:ascending` or `key:descending`"),
    ("limit", "no more rows or groups than this; 0 is no limit"),
    ("offset", "leaves out so many rows or groups"),
    ("cursor", "`first`, or what an answer gave: page by page"),
    ("fields", "names with commas between: only these, in this order"),
    ("flatten", "`true`: plain rows instead of groups in groups"),
    ("format", "`json`, `csv`, `ndjson`, `arrow` or `parquet`"),
    ("explain", "`true`: how the answer is found, instead of it"),
];

const PAGE: [Parameter; 2] =
    [("page", "which page, the first being 1"), ("per-page", "how many are on a page, 1,000 at most")];
const IF: Parameter =
    ("if", "`unused`: remove it if nothing uses it, also where the older API removed nothing");

/// The lists, and by what each can be narrowed down.
const LISTS: &[(&str, &[Parameter])] = &[
    ("/data-groups", &[("name", "only the one of exactly this name")]),
    ("/data-types", &[("name", "only the one of exactly this name")]),
    (
        "/data-sets",
        &[("data-group", "only those of this data group"), ("data-type", "only those of this data type")],
    ),
    ("/users", &[("email", "only the one of this address")]),
    ("/dashboard", &[("id", "only this one"), ("slug", "only the one of this slug")]),
    ("/dashboards", &[("id", "only this one"), ("slug", "only the one of this slug")]),
    ("/module", &[]),
    ("/modules", &[]),
    ("/transform", &[]),
    ("/transform-type", &[]),
    ("/module-type", &[("name", "only the one of this name")]),
    ("/organisation/type", &[("name", "only the one of this name")]),
    (
        "/organisation/node",
        &[
            ("name", "only those of this name"),
            ("abbreviation", "only those of this abbreviation"),
            ("type", "only those of the type of this name; repeated: of any of them"),
        ],
    ),
    ("/provider", &[("name", "only the one of this name")]),
    ("/data-source", &[("name", "only the one of this name")]),
    ("/collector-type", &[("name", "only the one of this name")]),
    ("/collector", &[("name", "only those of this name")]),
];

/// Those of an operation.
pub fn of(operation: &Operation) -> Vec<Parameter> {
    let path = operation.path.strip_prefix("/admin-api");
    match (operation.method, path.unwrap_or(operation.path)) {
        ("get", "/data/{data_group}/{data_type}" | "/{data_set_name}") => QUESTION.to_vec(),
        ("get", "/public/dashboards") => {
            vec![("slug", "one dashboard, published or not; with slashes, one module of it")]
        }
        ("get", "/audit-log") => vec![
            ("since", "only from this time on"),
            ("until", "only before this time"),
            ("actor", "only what this user did"),
            ("subject", "only what was done to this, such as `GROUP/TYPE`"),
            ("limit", "how many lines, 100,000 at most"),
            ("page", "which part of so many lines, the first being 1"),
            ("format", "`json`, `ndjson` or `csv`"),
        ],
        ("post", "/collector-run/{slug}") => vec![
            ("start-at", "the first day, as `2026-01-31`; only with `end-at`"),
            ("end-at", "the last day"),
            ("dry-run", "`true`: fetch, and write nothing"),
        ],
        ("get", "/organisation/node/{id}/ancestors") => vec![("self", "`true`: itself too")],
        ("get", path) if path.ends_with("/{id}/history") => {
            vec![("limit", "how many changes, 1,000 at most")]
        }
        ("delete", path) if path.ends_with("/{id}") && !path.starts_with("/tokens") => vec![IF],
        ("get", "/jobs") => {
            vec![("state", "only those in this state"), ("limit", "how many, 10,000 at most")]
        }
        ("get", path) => match LISTS.iter().find(|(list, _)| *list == path) {
            Some((_, filters)) => [&PAGE[..], *filters].concat(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_whole_query_language_is_described() {
        let described: BTreeSet<&str> = QUESTION.iter().map(|(name, _)| *name).collect();
        assert_eq!(described, BTreeSet::from(query_lang::PARAMETERS));
    }
}
