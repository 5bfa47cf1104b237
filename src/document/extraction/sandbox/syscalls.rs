//! The system calls that a child may make: those of computing and of reading. All others fail with EPERM.
//!
//! None of them makes a process, a thread, a socket or a name in the file system; which files may be opened is
//! landlock's matter.

use std::{collections::BTreeMap, env::consts::ARCH};

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use super::Profile;

/// What every child needs: memory, the files that it holds or may open, the time, its own signals.
const COMMON: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_openat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_fcntl,
    libc::SYS_fadvise64,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_ppoll,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Older spellings, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OF_ARCHITECTURE: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_dup2,
    libc::SYS_poll,
    libc::SYS_time,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
];
#[cfg(not(target_arch = "x86_64"))]
const OF_ARCHITECTURE: &[i64] = &[];

/// What a program needs until its `main`: to be started, and to be linked.
const TO_START: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

/// The position of `prot` in `mmap` and `mprotect`, and of `pid` in `tgkill`.
const PROT: u8 = 2;
const TARGET: u8 = 0;
/// The position of `resource`'s new value in `prlimit64`: null only reads.
const NEW_LIMIT: u8 = 2;

/// # Errors
/// Where the processor is none that the compiler of filters knows.
pub(super) fn filter(profile: Profile) -> Result<BpfProgram, BackendError> {
    let any = |number: &i64| (*number, Vec::new());
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        COMMON.iter().chain(OF_ARCHITECTURE).map(any).collect();
    let no_code = when(PROT, SeccompCmpOp::MaskedEq(bits(libc::PROT_EXEC)), 0)?;
    match profile {
        // Everything is linked by now: what is written can not become code.
        Profile::Reader => {
            rules.insert(libc::SYS_mmap, vec![no_code.clone()]);
            rules.insert(libc::SYS_mprotect, vec![no_code]);
        }
        Profile::Program => {
            rules.extend([libc::SYS_mmap, libc::SYS_mprotect].iter().map(any));
            rules.extend(TO_START.iter().map(any));
        }
    }
    let itself = u64::from(std::process::id());
    rules.insert(
        libc::SYS_tgkill,
        vec![when(TARGET, SeccompCmpOp::Eq, itself)?],
    );
    rules.insert(
        libc::SYS_prlimit64,
        vec![when(NEW_LIMIT, SeccompCmpOp::Eq, 0)?],
    );
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, ARCH.try_into()?)?.try_into()
}

fn when(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, op, value)?;
    SeccompRule::new(vec![condition])
}

fn bits(flag: i32) -> u64 {
    u64::from(flag.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_profiles_compile_for_this_processor() {
        assert!(!filter(Profile::Reader).unwrap().is_empty());
        assert!(
            filter(Profile::Program).unwrap().len() > filter(Profile::Reader).unwrap().len() - 9
        );
    }
}
