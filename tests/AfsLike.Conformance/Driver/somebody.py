"""What modes.py and acls.py share: calls by somebody else than root, and how each of them ended."""
import errno, os, sys

OWNER, GROUP = 1000, 5000
WHO = {}  # name: uid, gid and supplementary groups; filled by whoever uses this


def tried(call):
    try:
        return call()
    except OSError as refused:
        return errno.errorcode[refused.errno]


def as_who(name, calls):
    """Runs calls, (label, function) each, in a child that is somebody; prints how each ended."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        uid, gid, groups = WHO[name]
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        for label, call in calls:
            print(name, label, tried(call))
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit('a child failed')


def make(path, mode, uid=OWNER, gid=GROUP, directory=False):
    if directory:
        os.mkdir(path)
    else:
        with open(path, 'wb') as f:
            f.write(b'#!/bin/sh\n')
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def opened(path, flags, *mode):
    os.close(os.open(path, flags, *mode))


def run(path):
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path])
        except OSError as refused:
            os._exit(refused.errno)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return errno.errorcode[code] if code else 0
