//! The folder of a data set is called after it.

/// The folder of a data set: a name that every file system takes. Letters, digits, `-` and `_` are as they are, other bytes
/// `%XX`.
pub fn folder_name(name: &str) -> String {
    let mut folder = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => folder.push(byte as char),
            other => folder.push_str(&format!("%{other:02X}")),
        }
    }
    folder
}

/// The name behind a folder name.
pub fn data_set_name(folder: &str) -> String {
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        let (digits, tail) = after.split_at_checked(2).unwrap_or((after, ""));
        bytes.extend(u8::from_str_radix(digits, 16).ok());
        rest = tail;
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_folder_and_back() {
        for name in ["licence_applications", "../../etc", "a b%c", "été", "."] {
            let folder = folder_name(name);
            assert!(!folder.contains(['/', '.', ' ']), "{folder}");
            assert_eq!(data_set_name(&folder), name);
        }
    }
}
