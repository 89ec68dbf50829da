"""Who may do what by mode bits, uid, gid and supplementary groups: prints a line for each of some thousand calls, the same on any POSIX file system. Root runs it in a directory that does not exist."""
import os, stat, sys

sys.dont_write_bytecode = True  # beside this script is no place for what root leaves
from somebody import GROUP, OWNER, WHO, as_who, make, opened, run

WHO.update({'root': (0, 0, []), 'owner': (1000, 1000, []), 'member': (1001, 1001, [5000]), 'primary': (1002, 5000, []), 'other': (1003, 1003, [])})
MODES = sorted({bits << shift for bits in range(8) for shift in (6, 3, 0)})


def show(path, *what):
    s = os.lstat(path)
    return ' '.join(str({'mode': oct(s.st_mode), 'uid': s.st_uid, 'gid': s.st_gid, 'links': s.st_nlink, 'size': s.st_size, 'rdev': s.st_rdev}[w]) for w in what)


def files():
    make('common', 0o777, directory=True)
    for mode in MODES:
        name = f'f{mode:o}'
        make(name, mode)
        for who in WHO:
            as_who(who, [(f'{name} no xattr', lambda: os.getxattr(name, 'user.none')), (f'{name} xattrs', lambda: os.listxattr(name)), (f'{name} second name', lambda: os.link(name, 'common/n') or os.unlink('common/n')),
                         (f'{name} empty', lambda: opened(name, os.O_RDONLY | os.O_TRUNC)), (f'{name} refused times', lambda: os.utime(name, (3, 4)))])
        for who in WHO:
            as_who(who, [
                (f'{name} read', lambda: opened(name, os.O_RDONLY)), (f'{name} write', lambda: opened(name, os.O_WRONLY)), (f'{name} both', lambda: opened(name, os.O_RDWR)),
                (f'{name} append', lambda: opened(name, os.O_WRONLY | os.O_APPEND)), (f'{name} access', lambda: [os.access(name, m) for m in (os.R_OK, os.W_OK, os.X_OK, 7, 0)]),
                (f'{name} run', lambda: run('./' + name)), (f'{name} touch', lambda: os.utime(name)), (f'{name} utime', lambda: os.utime(name, (1, 2))),
                (f'{name} getxattr', lambda: os.getxattr(name, 'user.none')), (f'{name} setxattr', lambda: os.setxattr(name, 'user.a', b'v')), (f'{name} truncate', lambda: os.truncate(name, 10)),
                (f'{name} same mode', lambda: os.chmod(name, mode)), (f'{name} all xattrs', lambda: os.listxattr(name))])


def directories():
    for mode in MODES:
        name = f'd{mode:o}'
        make(name, 0o777, directory=True)
        make(f'{name}/f', 0o666)
        make(f'{name}/e', 0o777, directory=True)
        os.chmod(name, mode)
        for who in WHO:
            as_who(who, [
                (f'{name} list', lambda: sorted(os.listdir(name))), (f'{name} stat', lambda: show(f'{name}/f', 'mode')), (f'{name} none', lambda: show(f'{name}/none', 'mode')),
                (f'{name} open', lambda: opened(f'{name}/f', os.O_RDWR)), (f'{name} make', lambda: opened(f'{name}/n', os.O_CREAT | os.O_WRONLY, 0o644)), (f'{name} chdir', lambda: os.chdir(name) or os.chdir('..')),
                (f'{name} move', lambda: os.rename(f'{name}/f', f'{name}/g') or os.rename(f'{name}/g', f'{name}/f')), (f'{name} link', lambda: os.link(f'{name}/f', f'{name}/h') or os.unlink(f'{name}/h')),
                (f'{name} remove', lambda: os.unlink(f'{name}/n')), (f'{name} mkdir', lambda: os.mkdir(f'{name}/m') or os.rmdir(f'{name}/m')), (f'{name} below', lambda: sorted(os.listdir(f'{name}/e'))),
                (f'{name} access', lambda: [os.access(name, m) for m in (os.R_OK, os.W_OK, os.X_OK)])])


def owners():
    for who in WHO:
        for uid, gid in ((-1, GROUP), (OWNER, -1), (1001, -1), (-1, 1001), (-1, 1002), (1001, 1001), (0, 0)):
            make('o', 0o6775)
            as_who(who, [(f'chown {uid} {gid}', lambda: os.chown('o', uid, gid))])
            print(show('o', 'mode', 'uid', 'gid'))
            os.unlink('o')
        for mode in (0o7777, 0o2755, 0o4711, 0o1666, 0):
            make('o', 0o644)
            as_who(who, [(f'chmod {mode:o}', lambda: os.chmod('o', mode))])
            print(show('o', 'mode'))
            os.unlink('o')
        make('o', 0o6777)
        as_who(who, [('write takes privileges', lambda: open('o', 'ab').write(b'x')), ('and shows', lambda: show('o', 'mode'))])
        os.unlink('o')
        make('o', 0o6777)
        as_who(who, [('truncate takes privileges', lambda: os.truncate('o', 1)), ('and shows', lambda: show('o', 'mode'))])
        os.unlink('o')


def special_files():
    for label, kind in (('fifo', stat.S_IFIFO), ('socket', stat.S_IFSOCK), ('device', stat.S_IFCHR)):
        for who in WHO:
            os.mknod('n', kind | 0o600, os.makedev(1, 3))
            os.chown('n', OWNER, GROUP)
            os.chmod('n', 0o6775)
            os.symlink('n', 'l')
            as_who(who, [(f'{label} chgrp', lambda: os.chown('l', -1, GROUP)), (f'{label} shows', lambda: show('n', 'mode', 'uid', 'gid')), (f'{label} chmod', lambda: os.chmod('n', 0o4711)), (f'{label} access', lambda: [os.access('n', m) for m in (4, 2, 1)]),
                         (f'{label} touch', lambda: os.utime('n')), (f'{label} link', lambda: os.link('n', 'm') or os.unlink('m')), (f'{label} xattr', lambda: os.setxattr('n', 'user.a', b'v'))])
            os.unlink('n')
            os.unlink('l')


def sticky():
    make('s', 0o1777, uid=1001, gid=1001, directory=True)
    make('t', 0o777, uid=1001, gid=1001, directory=True)
    for who in WHO:
        for of in (1000, 1001, 1003):
            def renew():
                for name in ('s/f', 't/f', 's/d', 't/d', 's/g'):
                    if not os.path.lexists(name):
                        make(name, 0o777, uid=of, gid=of, directory=name.endswith('d'))
                    os.chown(name, of, of)
            for label, call in (
                    ('unlink', lambda: os.unlink('s/f')), ('rmdir', lambda: os.rmdir('s/d')), ('rename out', lambda: os.rename('s/f', 't/x')), ('rename in', lambda: os.rename('t/f', 's/x')),
                    ('rename over', lambda: os.rename('t/f', 's/g')), ('rename directory out', lambda: os.rename('s/d', 't/y')), ('link', lambda: os.link('s/f', 's/z')), ('setxattr', lambda: os.setxattr('s', 'user.a', b'v'))):
                renew()
                as_who(who, [(f'sticky {of} {label}', call)])
                for left in ('t/x', 's/x', 't/y', 's/z'):
                    if os.path.lexists(left):
                        os.rmdir(left) if left == 't/y' else os.unlink(left)
                if 'user.a' in os.listxattr('s'):
                    os.removexattr('s', 'user.a')
    make('moved', 0o755, uid=1001, gid=1001, directory=True)
    for who in WHO:
        as_who(who, [('a directory moves', lambda: os.rename('moved', 't/moved'))])
        if os.path.exists('t/moved'):
            os.rename('t/moved', 'moved')


def making():
    make('plain', 0o777, directory=True)
    make('grouped', 0o2777, directory=True)
    for place in ('plain', 'grouped'):
        for who in WHO:
            n = f'{place}/{who}'
            as_who(who, [
                (f'{n} file', lambda: (opened(n, os.O_CREAT | os.O_WRONLY, 0o666), show(n, 'mode', 'uid', 'gid'))[1]), (f'{n} privileged', lambda: (opened(n + 'p', os.O_CREAT | os.O_WRONLY, 0o6777), show(n + 'p', 'mode', 'uid', 'gid'))[1]),
                (f'{n} directory', lambda: (os.mkdir(n + 'd'), show(n + 'd', 'mode', 'uid', 'gid'))[1]), (f'{n} link', lambda: (os.symlink('x', n + 'l'), show(n + 'l', 'uid', 'gid'))[1]),
                (f'{n} fifo', lambda: (os.mkfifo(n + 'f'), show(n + 'f', 'mode', 'uid', 'gid'))[1]), (f'{n} device', lambda: (os.mknod(n + 'c', stat.S_IFCHR | 0o600, os.makedev(1, 3)), show(n + 'c', 'mode', 'uid', 'rdev'))[1]),
                (f'{n} block', lambda: (os.mknod(n + 'b', stat.S_IFBLK | 0o660, os.makedev(300, 70000)), show(n + 'b', 'mode', 'gid', 'rdev'))[1]),
                (f'{n} unreadable', lambda: (os.write(os.open(n + 'u', os.O_CREAT | os.O_RDWR, 0), b'abc'), show(n + 'u', 'mode', 'size'))[1])])
    make('a', 0o755, directory=True)
    make('a/f', 0o644)
    os.link('a/f', 'plain/second')
    print(show('a/f', 'links'), show('plain/second', 'links'))
    os.rename('plain/second', 'grouped/second')
    os.unlink('a/f')
    print(show('grouped/second', 'links', 'uid', 'gid'))


os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
os.umask(0o022)
for part in (files, directories, owners, special_files, sticky, making):
    print('--', part.__name__)
    part()
