"""Who may do what by POSIX ACLs, and what becomes of them: prints a line for each of some thousand calls, the same on ext4. Root runs it in a directory that does not exist."""
import os, socket, stat, struct, subprocess, sys

sys.dont_write_bytecode = True  # beside this script is no place for what root leaves
from somebody import GROUP, OWNER, WHO, as_who, make, opened, run, tried

WHO.update({'root': (0, 0, []), 'owner': (1000, 1000, []), 'named': (1001, 1001, []), 'member': (1002, 1002, [5000]), 'group': (1003, 1003, [6000]), 'both': (1004, 5000, [6000]), 'other': (1005, 1005, [7]),
            'named-member': (1001, 5000, [6000])})
ACCESS, DEFAULT = 'system.posix_acl_access', 'system.posix_acl_default'
TAGS = {'u': 1, 'U': 2, 'g': 4, 'G': 8, 'm': 16, 'o': 32}
NONE = 0xFFFFFFFF


def acl(text, version=2):
    """'u7 U1001:5 g4 m5 o1' in the kernel's form."""
    value = struct.pack('<I', version)
    for entry in text.split():
        who, _, permissions = entry.rpartition(':') if ':' in entry else (entry[0], '', entry[1:])
        value += struct.pack('<HHI', TAGS[who[0]], int(permissions), int(who[1:]) if who[1:] else NONE)
    return value


def text(value):
    names = {tag: name for name, tag in TAGS.items()}
    return ' '.join(names[tag] + (f'{who}:' if tag in (2, 8) else '') + str(permissions) for tag, permissions, who in struct.iter_unpack('<HHI', value[4:]))


def held(path, name, **how):
    answer = tried(lambda: os.getxattr(path, name, **how))
    return text(answer) if isinstance(answer, bytes) else answer


def show(path):
    s = os.fstat(path) if isinstance(path, int) else os.lstat(path)
    if stat.S_ISLNK(s.st_mode):
        return oct(s.st_mode)
    return f'{oct(s.st_mode)} {s.st_uid} {s.st_gid} access [{held(path, ACCESS)}] default [{held(path, DEFAULT)}] {sorted(os.listxattr(path))}'


def command(line):
    print('$', line)
    sys.stdout.flush()
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    print(done.stdout + done.stderr, done.returncode)


ACLS = ['u6 g4 o4', 'u6 U1001:6 g4 m6 o4', 'u6 U1001:6 g4 m4 o4', 'u0 U1001:7 g0 G6000:7 m7 o0', 'u7 U1001:0 g7 G6000:0 m7 o7', 'u7 g0 G6000:4 m7 o7', 'u7 g4 G6000:2 m7 o0', 'u7 g4 G6000:3 m1 o5', 'u7 U1001:7 g7 m0 o4',
        'u4 U1001:2 U1004:1 g1 G6000:6 m3 o7', 'u7 U1000:0 U0:0 g5 m7 o5', 'u7 g6 m3 o5', 'u7 U1001:5 g5 G6000:5 m5 o5', 'u0 U1001:1 g1 m1 o0', 'u7 U1001:7 U1002:0 U1002:7 g0 G7:5 G5000:7 m7 o0']


def files():
    for number, value in enumerate(ACLS):
        name = f'f{number}'
        make(name, 0o600)
        print(name, value, tried(lambda: os.setxattr(name, ACCESS, acl(value))), show(name))
        for who in WHO:
            as_who(who, [
                (f'{name} read', lambda: opened(name, os.O_RDONLY)), (f'{name} write', lambda: opened(name, os.O_WRONLY)), (f'{name} both', lambda: opened(name, os.O_RDWR)),
                (f'{name} access', lambda: [os.access(name, m) for m in range(8)]), (f'{name} run', lambda: run('./' + name)), (f'{name} touch', lambda: os.utime(name)),
                (f'{name} getxattr', lambda: os.getxattr(name, 'user.none')), (f'{name} setxattr', lambda: os.setxattr(name, 'user.a', b'v')), (f'{name} its ACL', lambda: held(name, ACCESS)), (f'{name} truncate', lambda: os.truncate(name, 10))])


def directories():
    for number, value in enumerate(ACLS):
        name = f'd{number}'
        make(name, 0o777, directory=True)
        make(f'{name}/f', 0o666)
        make(f'{name}/e', 0o777, directory=True)
        print(name, value, tried(lambda: os.setxattr(name, ACCESS, acl(value))), show(name))
        for who in WHO:
            for turn in (1, 2):
                as_who(who, [
                    (f'{name} list', lambda: sorted(os.listdir(name))), (f'{name} stat', lambda: oct(os.lstat(f'{name}/f').st_mode)), (f'{name} none', lambda: os.lstat(f'{name}/none')), (f'{name} open', lambda: opened(f'{name}/f', os.O_RDWR)),
                    (f'{name} make', lambda: opened(f'{name}/n', os.O_CREAT | os.O_WRONLY, 0o644)), (f'{name} remove', lambda: os.unlink(f'{name}/n')), (f'{name} chdir', lambda: os.chdir(name) or os.chdir('..')),
                    (f'{name} move', lambda: os.rename(f'{name}/f', f'{name}/g') or os.rename(f'{name}/g', f'{name}/f')), (f'{name} below', lambda: sorted(os.listdir(f'{name}/e'))),
                    (f'{name} access', lambda: [os.access(name, m) for m in range(8)])])
        os.setxattr(name, ACCESS, acl('u7 U1005:0 g7 m7 o7'))
        as_who('other', [(f'{name} shut', lambda: oct(os.lstat(f'{name}/f').st_mode))])
        os.removexattr(name, ACCESS)
        as_who('other', [(f'{name} open again', lambda: oct(os.lstat(f'{name}/f').st_mode))])


def values():
    make('v', 0o2755)
    make('w', 0o2755, directory=True)
    os.mkfifo('p', 0o644)
    os.symlink('v', 'l')
    for label, value in [(text, acl(text)) for text in (
            '', 'u7', 'u7 g7', 'u7 o7', 'g7 o7', 'u7 g5 o4', 'g5 u7 o4', 'u7 o4 g5', 'u7 u7 g5 o4', 'u7 g5 g5 o4', 'u7 g5 o4 o4', 'u7 g5 m7 m7 o4', 'u8 g5 o4', 'u7 g5 o65535', 'u7 U1001:7 g5 o4', 'u7 g5 G5:7 o4',
            'u7 U1001:7 g5 m7 o4', 'u7 g5 U1001:7 m7 o4', 'u7 G5:7 g5 m7 o4', 'u7 U2:7 U1:7 g5 m7 o4', 'u7 U1:7 U1:5 g5 m7 o4', 'u7 g5 G1:7 G1:5 m7 o4', 'u7 U:7 g5 m7 o4', f'u7 U{NONE}:7 g5 m7 o4', 'u7 m7 g5 o4', 'u7 g5 m7 o4', 'u0 g0 m0 o0')] + [
            ('version 1', acl('u7 g5 o4', 1)), ('version 3', acl('u7 g5 o4', 3)), ('cut', acl('u7 g5 o4')[:-1]), ('longer', acl('u7 g5 o4') + b'\0'), ('nothing', b''), ('short', b'\2\0'), ('tag 3', acl('u7') + struct.pack('<HHI', 3, 7, 1) + acl('g5 o4')[4:]),
            ('ids', acl('') + struct.pack('<HHIHHIHHI', 1, 7, 5, 4, 5, 6, 32, 4, 7)), ('many', acl('u7 ' + ' '.join(f'U{n}:7' for n in range(200)) + ' g5 m7 o4'))]:
        for path in 'vwp':
            for name in (ACCESS, DEFAULT):
                print(label, path, name, tried(lambda: os.setxattr(path, name, value)), show(path))
                print(label, path, name, 'removed', tried(lambda: os.removexattr(path, name)), show(path))
                print(label, path, name, 'removed again', tried(lambda: os.removexattr(path, name)))
            os.chmod(path, 0o2755)
    for name in (ACCESS, DEFAULT):
        print('link', tried(lambda: os.getxattr('l', name, follow_symlinks=False)), tried(lambda: os.setxattr('l', name, acl('u7 g5 o4'), follow_symlinks=False)), tried(lambda: os.removexattr('l', name, follow_symlinks=False)))
        for flags in (os.XATTR_CREATE, os.XATTR_REPLACE):
            for _ in 'ab':
                print('flags', flags, tried(lambda: os.setxattr('w', name, acl('u7 U1001:7 g5 m7 o4'), flags)), show('w'))


def owners():
    for who in WHO:
        for directory in (False, True):
            make('o', 0o2775, directory=directory)
            as_who(who, [
                ('set', lambda: os.setxattr('o', ACCESS, acl('u7 U1005:4 g5 m5 o4'))), ('shows', lambda: show('o')), ('set default', lambda: os.setxattr('o', DEFAULT, acl('u7 g5 o4'))), ('like a mode', lambda: os.setxattr('o', ACCESS, acl('u7 g1 o4'))), ('shows', lambda: show('o')),
                ('remove', lambda: os.removexattr('o', ACCESS)), ('remove default', lambda: os.removexattr('o', DEFAULT)), ('shows', lambda: show('o'))])
            os.setxattr('o', ACCESS, acl('u7 U1005:4 g5 m5 o4'))
            as_who(who, [('remove what is there', lambda: os.removexattr('o', ACCESS)), ('shows', lambda: show('o'))])
            os.rmdir('o') if directory else os.unlink('o')
    os.chmod('.', 0o777)
    for who in ('owner', 'member'):
        as_who(who, [(f'{who} makes', lambda: os.mkdir(who)), ('set default', lambda: os.setxattr(who, DEFAULT, acl('u7 U1005:4 g5 m5 o4'))), ('makes below', lambda: opened(f'{who}/f', os.O_CREAT | os.O_WRONLY, 0o666)), ('shows', lambda: show(f'{who}/f')),
                     ('gives', lambda: os.setxattr(f'{who}/f', ACCESS, acl('u6 U1005:6 g0 m6 o0'))), ('shows', lambda: show(f'{who}/f'))])
        as_who('other', [('named writes', lambda: opened(f'{who}/f', os.O_RDWR))])


def chmods():
    for value in ACLS:
        for mode in (0o777, 0o700, 0o070, 0o007, 0o640, 0o4751, 0o2611, 0o1000, 0o000):
            make('c', 0o600)
            tried(lambda: os.setxattr('c', ACCESS, acl(value)))
            os.chmod('c', mode)
            print(value, oct(mode), show('c'))
            os.chown('c', 1, 2)
            print(show('c'))
            os.unlink('c')
    make('c', 0o6777)
    os.setxattr('c', ACCESS, acl('u7 U1001:7 g7 m7 o7'))
    as_who('named', [('write takes privileges', lambda: open('c', 'ab').write(b'x')), ('shows', lambda: show('c'))])
    fd = os.open('c', os.O_RDWR)
    os.fchmod(fd, 0o750)
    print(show(fd), show('c'))
    os.setxattr(fd, ACCESS, acl('u7 U1001:7 g7 m1 o7'))
    os.unlink('c')
    print(show(fd))
    os.fchmod(fd, 0o777)
    print(show(fd))
    os.close(fd)


def inheritance():
    here = os.open('.', os.O_RDONLY)
    for number, value in enumerate(ACLS + ['u7 g7 o7', 'u0 g0 o0', 'u7 U1001:7 g7 G6000:5 m7 o7']):
        for mode in (0o777, 0o2777):
            place = f'i{number}-{mode:o}'
            make(place, mode, directory=True)
            os.setxattr(place, DEFAULT, acl(value))
            print(place, value, show(place))
            for umask in (0, 0o022, 0o077, 0o777):
                os.umask(umask)
                n = f'{place}/{umask:o}'
                for bits in (0o666, 0o600, 0o777, 0o6755):
                    opened(f'{n}f{bits:o}', os.O_CREAT | os.O_WRONLY | os.O_EXCL, bits)
                    os.mkdir(f'{n}d{bits:o}', bits)
                os.mkfifo(f'{n}p', 0o666)
                os.mknod(f'{n}r', stat.S_IFREG | 0o666)
                os.symlink('x', f'{n}l')
                fd = os.open(place, os.O_TMPFILE | os.O_RDWR, 0o666)
                print('nameless', show(fd))
                os.link(f'/proc/self/fd/{fd}', f'{n}t', src_dir_fd=here, follow_symlinks=True)
                os.close(fd)
                os.mkdir(f'{n}d777/below')
                for made in sorted(os.listdir(place)):
                    if made.startswith(f'{umask:o}'):
                        print(place, made, show(f'{place}/{made}'))
                print(show(f'{n}d777/below'))
                bound = socket.socket(socket.AF_UNIX)
                bound.bind(f'{n}s')
                print('socket', show(f'{n}s'))
                bound.close()
                os.umask(0o022)
    make('plain', 0o777, directory=True)
    for umask in (0, 0o022, 0o077, 0o777):
        os.umask(umask)
        opened(f'plain/f{umask:o}', os.O_CREAT | os.O_WRONLY, 0o6777)
        os.mkdir(f'plain/d{umask:o}', 0o777)
        os.mkfifo(f'plain/p{umask:o}', 0o666)
        os.umask(0o022)
        print(oct(umask), [show(f'plain/{kind}{umask:o}') for kind in 'fdp'])
    for who in ('owner', 'named', 'both'):
        as_who(who, [('makes', lambda: opened(f'i1-777/{who}', os.O_CREAT | os.O_WRONLY, 0o6777)), ('shows', lambda: show(f'i1-777/{who}')), ('makes set-gid', lambda: opened(f'i1-2777/{who}', os.O_CREAT | os.O_WRONLY, 0o2777)), ('shows', lambda: show(f'i1-2777/{who}'))])


def tools():
    for line in (
            'touch f; mkdir d; ls -ld f d | cut -c1-11', 'setfacl -m u:1001:rw,g:5000:r f; getfacl -n f; ls -l f | cut -c1-11', 'setfacl -m m::r f; getfacl -nc f', 'setfacl -x u:1001 f; getfacl -nc f', 'setfacl -b f; getfacl -nc f; ls -l f | cut -c1-11',
            'setfacl -m u:1001:rwx,d:u:1002:rx,d:g:6000:rwx d; getfacl -n d', 'umask 077; mkdir -p d/e/g; touch d/e/x; find d | sort | getfacl -n -', 'setfacl -k d; getfacl -nc d', 'setfacl -R -m u:1005:rX d; find d | sort | getfacl -n -',
            'cp -p f copy; setfacl -m u:1001:r,u:1002:rw f; cp -p f kept; cp f lost; getfacl -n copy kept lost', 'cp -a d d2; find d2 | sort | getfacl -n -', 'mv kept moved; getfacl -n moved', 'ln moved second; setfacl -m u:7:r second; getfacl -n moved', 'rsync -aA d/ d3; find d3 | sort | getfacl -n -',
            'getfacl -R d > saved; setfacl -R -b d; setfacl --restore=saved; find d | sort | getfacl -n -', 'setfacl -d -m u:1001:r f', 'setfacl -m u:1001:rw,u:1001:r f', 'install -m 640 f installed; getfacl -n installed', 'chmod g-w,o= moved; getfacl -n moved', 'getfacl -n f | setfacl -b -M - copy; getfacl -n copy',
            'setpriv --reuid 1001 --regid 1001 --clear-groups setfacl -m u:1001:rwx f', 'getfacl -nc .'):
        command(line)


os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
os.umask(0o022)
for part in (files, directories, values, owners, chmods, inheritance, tools):
    print('--', part.__name__)
    os.mkdir(part.__name__)
    os.chmod(part.__name__, 0o755)
    os.chdir(part.__name__)
    part()
    os.chdir('..')
