//! An XDP program that drops every packet, as the object file that `ip link` loads: two
//! instructions, written by hand, so that no compiler for BPF is needed.
//!
//! ```text
//!  ELF header | names | program | licence | symbols | section headers
//! ```

/// `r0 = XDP_DROP; exit`
const PROGRAM: [u8; 16] = [0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
const LICENCE: &[u8] = b"GPL\0";
/// Names of sections and symbols, each where `NAME_…` says.
const NAMES: &[u8] = b"\0.strtab\0xdp\0license\0.symtab\0drop_all\0";
const NAME_STRTAB: u32 = 1;
const NAME_XDP: u32 = 9;
const NAME_LICENCE: u32 = 13;
const NAME_SYMTAB: u32 = 21;
const NAME_DROP_ALL: u32 = 29;

const ELF_HEADER_BYTES: u64 = 64;
const SECTION_HEADER_BYTES: u16 = 64;
const SYMBOL_BYTES: u64 = 24;
/// Sections by number: none, names, program, licence, symbols.
const SECTIONS: u16 = 5;
const SECTION_NAMES: u16 = 1;
const SECTION_PROGRAM: u16 = 2;

/// One section header: what differs from zero.
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    bytes: Vec<u8>,
    link: u32,
    info: u32,
    entry_bytes: u64,
}

/// The object file.
pub(super) fn object() -> Vec<u8> {
    let sections = [
        section(NAME_STRTAB, 3, 0, NAMES),
        // SHF_ALLOC and SHF_EXECINSTR.
        section(NAME_XDP, 1, 6, &PROGRAM),
        section(NAME_LICENCE, 1, 3, LICENCE),
        Section {
            link: u32::from(SECTION_NAMES),
            // The first symbol that is not local.
            info: 1,
            entry_bytes: SYMBOL_BYTES,
            ..section(NAME_SYMTAB, 2, 0, &symbols())
        },
    ];
    let mut body = Vec::new();
    let mut headers = vec![0; usize::from(SECTION_HEADER_BYTES)];
    for section in &sections {
        body.resize(body.len().next_multiple_of(8), 0);
        let offset = ELF_HEADER_BYTES + body.len() as u64;
        body.extend(&section.bytes);
        headers.extend(section.name.to_le_bytes());
        headers.extend(section.kind.to_le_bytes());
        let length = section.bytes.len() as u64;
        for number in [section.flags, 0, offset, length] {
            headers.extend(number.to_le_bytes());
        }
        headers.extend(section.link.to_le_bytes());
        headers.extend(section.info.to_le_bytes());
        for number in [8, section.entry_bytes] {
            headers.extend(number.to_le_bytes());
        }
    }
    body.resize(body.len().next_multiple_of(8), 0);
    let mut object = elf_header(ELF_HEADER_BYTES + body.len() as u64);
    object.extend(body);
    object.extend(headers);
    object
}

fn section(name: u32, kind: u32, flags: u64, bytes: &[u8]) -> Section {
    Section {
        name,
        kind,
        flags,
        bytes: bytes.to_vec(),
        link: 0,
        info: 0,
        entry_bytes: 0,
    }
}

/// No symbol, and the program: a global function at the start of its section.
fn symbols() -> Vec<u8> {
    let mut symbols = vec![0; 24];
    symbols.extend(NAME_DROP_ALL.to_le_bytes());
    symbols.extend([0x12, 0]);
    symbols.extend(SECTION_PROGRAM.to_le_bytes());
    symbols.extend(0_u64.to_le_bytes());
    symbols.extend((PROGRAM.len() as u64).to_le_bytes());
    symbols
}

fn elf_header(section_headers: u64) -> Vec<u8> {
    // 64 bits, little-endian, version 1.
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    // A relocatable file, for BPF (247).
    for number in [1_u16, 247] {
        header.extend(number.to_le_bytes());
    }
    header.extend(1_u32.to_le_bytes());
    for number in [0, 0, section_headers] {
        header.extend(number.to_le_bytes());
    }
    header.extend(0_u32.to_le_bytes());
    for number in [64, 0, 0, SECTION_HEADER_BYTES, SECTIONS, SECTION_NAMES] {
        header.extend(number.to_le_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_where_it_is_said_to() {
        for (at, name) in [
            (NAME_STRTAB, ".strtab"),
            (NAME_XDP, "xdp"),
            (NAME_LICENCE, "license"),
            (NAME_SYMTAB, ".symtab"),
            (NAME_DROP_ALL, "drop_all"),
        ] {
            let rest = &NAMES[usize::try_from(at).unwrap()..];
            assert!(rest.starts_with(format!("{name}\0").as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_section_headers_stand_at_the_end() {
        let object = object();
        let at = u64::from_le_bytes(object[40..48].try_into().unwrap());
        let expected = object.len() - usize::from(SECTIONS * SECTION_HEADER_BYTES);
        assert_eq!(usize::try_from(at).unwrap(), expected);
    }
}
