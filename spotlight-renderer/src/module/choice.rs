//! What readers choose about charts of groups: how the groups are drawn, and which of them.

use super::grouped_timeseries::{is_total, name_of_group};
use crate::chart::palette;
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::{Axes, Axis};
use crate::format::Kind as FormatKind;
use crate::rows::number;
use crate::view::{Choices, Drawing, Group};
use crate::words::{say, say_with};

/// What a reader asks for, in the words of the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// How to draw.
    pub drawing: Option<String>,
    /// The groups to show; all if none is named.
    pub groups: Vec<String>,
}

impl Choice {
    /// Whether nothing is asked for.
    pub fn is_usual(&self) -> bool {
        self.drawing.is_none() && self.groups.is_empty()
    }
}

/// With more groups than this there is no choice among them: nobody ticks off hundreds.
const MOST_GROUPS: usize = 60;

/// The ends of names of measures that cannot be added up.
const NOT_ADDED: [&str; 4] = [":mean", ":set", ":min", ":max"];

/// What may be chosen about the groups of a module and what is; nothing where there is only one group.
pub fn choices(module: &Module, axes: &Axes, rows: &[Row], choice: &Choice) -> Option<Choices> {
    let mut groups: Vec<Group> = Vec::new();
    for axis in &axes.y {
        let key = name_of_group(axis);
        if !groups.iter().any(|group| group.key == key) {
            let name = if axis.label.is_empty() { key } else { &axis.label };
            groups.push(Group { key: key.to_owned(), name: name.to_owned(), shown: true });
        }
    }
    if groups.len() < 2 {
        return None;
    }
    let own = own_drawing(module, axes, rows);
    let usual = if groups.len() > palette::SIZE { Drawing::Multiples } else { own };
    let adds_up = own != Drawing::Lines || adds_up(module, axes, rows);
    let offered = |drawing: &Drawing| adds_up || !matches!(drawing, Drawing::Stack | Drawing::Share);
    let drawings: Vec<Drawing> = Drawing::ALL.into_iter().filter(offered).collect();
    let mut errors = Vec::new();
    let mut drawing = usual;
    if let Some(word) = &choice.drawing {
        match Drawing::parse(word) {
            Some(wanted) if drawings.contains(&wanted) => drawing = wanted,
            Some(_) => errors.push(say("drawing-not-here").into_owned()),
            None => errors.push(say_with("drawing-unknown", &[("text", word.as_str().into())])),
        }
    }
    if groups.len() > MOST_GROUPS {
        groups.clear();
    } else if !choice.groups.is_empty() {
        if let Some(word) = choice.groups.iter().find(|word| groups.iter().all(|group| group.key != **word)) {
            errors.push(say_with("series-unknown", &[("text", word.as_str().into())]));
        }
        if groups.iter().any(|group| choice.groups.contains(&group.key)) {
            for group in &mut groups {
                group.shown = choice.groups.contains(&group.key);
            }
        }
    }
    let error = (!errors.is_empty()).then(|| errors.join(" "));
    Some(Choices { drawings, drawing, usual, groups, error })
}

/// How the definition wants its groups to be drawn, however many there are; amounts below nothing cannot be piled up.
pub fn own_drawing(module: &Module, axes: &Axes, rows: &[Row]) -> Drawing {
    match (module.flag("one-hundred-percent"), module.flag("use_stack")) {
        (true, _) => Drawing::Share,
        (false, true) if !below_nothing(axes, rows) => Drawing::Stack,
        (false, _) => Drawing::Lines,
    }
}

/// The axes of the parts of the whole as it is now.
fn parts(axes: &Axes) -> impl Iterator<Item = &Axis> {
    axes.y.iter().filter(|axis| axis.timeshift.is_none() && !is_total(axis))
}

/// Whether a part is below nothing somewhere.
fn below_nothing(axes: &Axes, rows: &[Row]) -> bool {
    let negative =
        |row: &Row| parts(axes).any(|axis| number(row, axis.key()).is_some_and(|value| value < 0.0));
    rows.iter().any(negative)
}

/// Whether what is measured can be put on top of each other: amounts that are not below nothing.
fn adds_up(module: &Module, axes: &Axes, rows: &[Row]) -> bool {
    let measured = module.value_attribute();
    let kind = module.format().map(|format| format.kind);
    let relative = matches!(kind, Some(FormatKind::Percent | FormatKind::Duration));
    parts(axes).count() > 1
        && !relative
        && !NOT_ADDED.iter().any(|end| measured.ends_with(end))
        && !below_nothing(axes, rows)
}
