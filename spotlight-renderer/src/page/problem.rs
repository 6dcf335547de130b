//! The form to report a problem with a page.

use super::PageOptions;
use super::model::{Head, Link};
use super::shell::address;
use maud::{Markup, html};

/// The form, closed, if the installation takes reports.
pub fn form(head: &Head, service: Option<&Link>, options: &PageOptions) -> Markup {
    let Some(action) = &options.problem_reports else { return html! {} };
    html! {
        details.problem {
            summary { "Is there anything wrong with this page?" }
            @if let Some(service) = service {
                p { "For help with the service itself go to " a href=(address(&service.href)) { (service.title) } "." }
            }
            form method="post" action=(address(action)) {
                input type="hidden" name="utf8" value="✓";
                input type="hidden" name="url" value={ (options.site.as_deref().unwrap_or("")) (head.path) };
                p {
                    label for="problem-doing" { "What you were doing" }
                    input #problem-doing type="text" name="what_doing" maxlength="400";
                }
                p {
                    label for="problem-wrong" { "What went wrong" }
                    input #problem-wrong type="text" name="what_wrong" maxlength="400";
                }
                p.hint { "Do not include personal or financial details." }
                button type="submit" { "Send" }
            }
        }
    }
}
