//! Invented places. Beyond the names written here come numbered ones, for scales larger than the demo's.

/// Authorities that issue licences.
const AUTHORITIES: [&str; 14] = [
    "Ashmere",
    "Bramley Vale",
    "Cloverfield",
    "Dunwick",
    "Eastmarsh",
    "Fernhollow",
    "Greywater",
    "Hawkstone",
    "Ivybridge Moor",
    "Juniper Hills",
    "Kestrel Bay",
    "Larchwood",
    "Mistley Heath",
    "Northmere",
];

/// Ports where boats are moored.
const PORTS: [&str; 6] = ["Saltmouth", "Port Hallow", "Gullhaven", "Cobbler's Quay", "Sandrey", "Whitecliff"];

/// Telephone centres.
const CENTRES: [&str; 3] = ["Saltmouth", "Brightwell", "Northmere"];

pub(crate) fn authority(number: u64) -> String {
    name(&AUTHORITIES, number)
}

pub(super) fn port(number: u64) -> String {
    name(&PORTS, number)
}

pub(super) fn centre(number: u64) -> String {
    name(&CENTRES, number)
}

/// The name in a URL or an identifier: small letters, digits and hyphens.
pub(super) fn slug(name: &str) -> String {
    let words = name.to_lowercase().replace('\'', "");
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

/// The names in turn, and again with a number: `Sandrey`, ..., `Sandrey 2`, ...
pub(super) fn name(names: &[&str], number: u64) -> String {
    let count = names.len() as u64;
    let name =
        usize::try_from(number % count).ok().and_then(|index| names.get(index)).copied().unwrap_or_default();
    match number / count {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

/// The entry of a list that a variant stands for.
pub(super) fn pick<T: Copy + Default>(list: &[T], variant: u64) -> T {
    usize::try_from(variant).ok().and_then(|index| list.get(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_end_and_are_never_the_same() {
        let names: std::collections::BTreeSet<String> = (0..1_000).map(authority).collect();
        assert_eq!(names.len(), 1_000);
        assert_eq!(port(3), "Cobbler's Quay");
        assert_eq!(slug(&port(9)), "cobblers-quay-2");
    }
}
