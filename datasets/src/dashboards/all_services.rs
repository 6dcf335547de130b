//! What a department does, on one long page: its services and its website, twenty modules in three sections.

use serde_json::{Value, json};

use crate::story::Story;

use super::{
    department, harbour_permits as harbour, lantern_licences as lantern, tides_and_rivers as website,
};

pub(super) fn dashboard(story: &Story) -> Value {
    json!({
        "slug": "department-for-tides-and-rivers",
        "page-type": "dashboard",
        "dashboard-type": "department",
        "published": true,
        "title": "Department for Tides and Rivers",
        "strapline": "Performance",
        "department": department(),
        "relatedPages": {
            "other": [{ "title": "The department's website", "url": "https://tides.example/" }],
            "improve-dashboard-message": false,
        },
        "modules": [
            section("harbour-permits", "Harbour permits", harbour_permits(story)),
            section("lantern-licences", "Lantern licences", lantern_licences(story)),
            section("website", "The website", readers(story)),
        ],
    })
}

fn section(slug: &str, title: &str, modules: Vec<Value>) -> Value {
    json!({ "slug": slug, "module-type": "section", "title": title, "modules": modules })
}

fn harbour_permits(story: &Story) -> Vec<Value> {
    let mut modules = harbour::yearly_figures();
    modules.extend([
        harbour::transactions_by_quarter(),
        harbour::transactions_by_channel(story),
        harbour::digital_takeup(),
        harbour::completion(story),
        harbour::satisfaction(story),
        harbour::waiting_time(),
        harbour::calls(),
    ]);
    modules
}

fn lantern_licences(story: &Story) -> Vec<Value> {
    vec![
        lantern::applications(story),
        lantern::by_type(story),
        lantern::renewals(),
        lantern::within_target(),
        lantern::median_days(story),
        lantern::by_authority(),
    ]
}

fn readers(story: &Story) -> Vec<Value> {
    vec![website::visits(story), website::visitors_by_section(), website::most_visited(), website::devices()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twenty_modules_beside_the_sections() {
        let dashboard = dashboard(&Story::new(chrono::DateTime::UNIX_EPOCH, 0));
        let sections = dashboard["modules"].as_array().unwrap();
        let modules: Vec<&Value> =
            sections.iter().flat_map(|section| section["modules"].as_array().unwrap()).collect();
        assert_eq!((sections.len(), modules.len()), (3, 20));
        let mut slugs: Vec<&str> = modules.iter().map(|module| module["slug"].as_str().unwrap()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), 20, "names are unique in a page");
    }
}
