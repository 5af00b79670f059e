//! What the kernel says it has dropped at one of our sockets: the last column of `/proc/net/udp`.

use std::os::fd::AsFd;

use nix::sys::stat::fstat;

/// Datagrams that the socket had no room for. Zero where the kernel does not tell.
pub fn dropped(socket: impl AsFd) -> u64 {
    let Ok(status) = fstat(socket.as_fd()) else {
        return 0;
    };
    // Of this thread: another one of the process may live in another network namespace.
    std::fs::read_to_string("/proc/thread-self/net/udp")
        .ok()
        .and_then(|table| find(&table, status.st_ino))
        .unwrap_or(0)
}

/// ```text
///   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
///  4711: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9876 2 0000000000000000 42
/// ```
fn find(table: &str, inode: u64) -> Option<u64> {
    let inode = inode.to_string();
    table
        .lines()
        .map(|line| line.split_ascii_whitespace())
        .find(|fields| fields.clone().nth(9) == Some(inode.as_str()))?
        .nth(12)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1226: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5391 2 0000000000000000 42
 1227: 0100007F:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 53910 2 0000000000000000 7
";

    #[test]
    fn the_line_is_found_by_its_inode() {
        assert_eq!(find(TABLE, 5391), Some(42));
        assert_eq!(find(TABLE, 53910), Some(7));
        assert_eq!(find(TABLE, 539), None);
    }

    #[test]
    fn a_new_socket_of_ours_is_in_the_kernels_table() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = fstat(&socket).unwrap().st_ino;
        let table = std::fs::read_to_string("/proc/thread-self/net/udp").unwrap();
        assert_eq!(find(&table, inode), Some(0));
    }
}
