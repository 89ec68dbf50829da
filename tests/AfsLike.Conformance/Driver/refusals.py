"""What POSIX refuses, tried in a new directory (the first argument): one line each, what was tried and the errno or what came of it.

Run in the mount and on a local disk it must say the same.
"""
import ctypes, errno, os, shutil, stat, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)


def tried(name, work):
    try:
        result = work()
        if isinstance(result, int) and name.startswith('open'):
            os.close(result)
            result = None
        print(name, '->', 'ok' if result is None else result)
    except OSError as failure:
        print(name, '->', errno.errorcode[failure.errno])


def called(function, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, function)(*[ctypes.c_long(x) if isinstance(x, int) else os.fsencode(x) for x in arguments]) == -1:
        raise OSError(ctypes.get_errno(), function)


def file(path, text=b'x'):
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
    os.write(descriptor, text)
    os.close(descriptor)


def anew():
    """The same things every time, in a directory of their own."""
    for name in os.listdir('.'):
        shutil.rmtree(name) if os.path.isdir(name) and not os.path.islink(name) else os.unlink(name)
    for name in 'f', 'g':
        file(name)
    for name in 'd', 'd/sub', 'e':
        os.mkdir(name)
    file('d/f')
    os.mkfifo('p')
    for name, target in ('s', 'f'), ('dang', 'nowhere'), ('loop', 'loop'), ('sd', 'd'):
        os.symlink(target, name)


os.makedirs(sys.argv[1])
os.chdir(sys.argv[1])
paths = ['d', 'f', 's', 'dang', 'loop', 'sd', 'p', 'f/', 'd/', 's/', 'dang/', 'loop/', 'sd/', 'none', 'none/', '.', '..', 'd/.', 'd/..', 'f/x', 'loop/x', 'none/x', '', 'n' * 255, 'n' * 256, './' * 2048 + 'x']
calls = [
    ('stat', os.stat), ('lstat', os.lstat), ('mkdir', os.mkdir), ('rmdir', os.rmdir), ('unlink', os.unlink), ('readlink', os.readlink), ('mkfifo', os.mkfifo),
    ('symlink', lambda p: os.symlink('a', p)), ('link', lambda p: os.link('f', p)), ('link from', lambda p: os.link(p, 'new', follow_symlinks=False)),
    ('rename', lambda p: os.rename('f', p)), ('rename dir', lambda p: os.rename('d', p)), ('rename from', lambda p: os.rename(p, 'new')),
    ('truncate', lambda p: os.truncate(p, 0)), ('chmod', lambda p: os.chmod(p, 0o755)), ('utime', os.utime), ('chdir', os.chdir), ('listdir', os.listdir), ('statvfs', os.statvfs)]
opens = [
    ('rd', 0), ('wr', os.O_WRONLY | os.O_NONBLOCK), ('rw', os.O_RDWR), ('creat', os.O_CREAT), ('excl', os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NONBLOCK), ('dir', os.O_DIRECTORY), ('nofollow', os.O_NOFOLLOW),
    ('path', os.O_PATH | os.O_NOFOLLOW), ('trunc', os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK), ('creat dir', os.O_CREAT | os.O_DIRECTORY), ('append', os.O_RDWR | os.O_APPEND), ('direct', os.O_DIRECT)]
here = os.getcwd()
for path in paths:
    shown = path if len(path) < 9 else 'long%d' % len(path)
    for name, call in calls:
        anew()
        tried('%s %s' % (name, shown), lambda: None if call(path) is not None else None)
        os.chdir(here)
    for name, flags in opens:
        anew()
        tried('open %s %s' % (name, shown), lambda: os.open(path, flags | (0 if flags & 3 else os.O_NONBLOCK), 0o644))

anew()
for old, new in ('f', 'd'), ('d', 'f'), ('d', 'd/sub'), ('d', 'd/sub/x'), ('e', 'd'), ('d', 'e'), ('f', 'g/'), ('e/', 'new/'), ('new', 'e'), ('d/sub', 'd'), ('f', 'f'), ('d', 'd'), ('e', 'sd'), ('p', 'f'), ('s', 'dang'):
    tried('rename %s %s' % (old, new), lambda: os.rename(old, new))
anew()
for length in 4095, 4096:
    tried('symlink of %d' % length, lambda: os.symlink('a' * length, 'longlink'))
tried('symlink of 0', lambda: os.symlink('', 'emptylink'))
for name, path, length in ('negative', 'f', -1), ('huge', 'f', (1 << 63) - 1), ('of a directory', 'd', 0):
    tried('truncate ' + name, lambda: called('truncate', path, length))
rw, rd, wr, directory = os.open('f', os.O_RDWR), os.open('f', os.O_RDONLY), os.open('f', os.O_WRONLY), os.open('d', os.O_RDONLY)
tried('ftruncate negative', lambda: called('ftruncate', rw, -1))
tried('ftruncate for reading', lambda: called('ftruncate', rd, 0))
tried('write for reading', lambda: os.write(rd, b'x'))
tried('read for writing', lambda: os.read(wr, 1))
tried('pread negative', lambda: os.pread(rw, 1, -1))
tried('pwrite negative', lambda: os.pwrite(rw, b'x', -1))
tried('pwrite at the end of all', lambda: os.pwrite(rw, b'xx', (1 << 63) - 2))
tried('lseek negative', lambda: os.lseek(rw, -1, os.SEEK_SET))
tried('lseek data behind the end', lambda: os.lseek(rw, 1, os.SEEK_DATA))
tried('lseek nonsense', lambda: os.lseek(rw, 0, 77))
tried('read a directory', lambda: os.read(directory, 1))
tried('lookup under a file', lambda: os.stat('x', dir_fd=rw))
tried('copy overlapping', lambda: os.copy_file_range(rw, rw, 5, 0, 0))
tried('copy to one for reading', lambda: os.copy_file_range(rw, rd, 1, 0, 0))
tried('copy a directory', lambda: os.copy_file_range(directory, rw, 1, 0, 0))
tried('mknod directory', lambda: os.mknod('n', stat.S_IFDIR | 0o700))

os.setxattr('f', 'user.there', b'v')
for path in 'f', 'd', 's', 'p', 'none':
    for name in 'user.', 'user.absent', 'user.there', 'nothing', 'bad.name', 'user.' + 'n' * 250, 'user.' + 'n' * 251:
        shown = '%s of %s' % (name if len(name) < 15 else 'long%d' % len(name), path)
        tried('getxattr ' + shown, lambda: os.getxattr(path, name, follow_symlinks=False).decode())
        tried('setxattr replace ' + shown, lambda: os.setxattr(path, name, b'w', os.XATTR_REPLACE, follow_symlinks=False))
        tried('setxattr create ' + shown, lambda: os.setxattr(path, name, b'w', os.XATTR_CREATE, follow_symlinks=False))
        tried('setxattr ' + shown, lambda: os.setxattr(path, name, b'', follow_symlinks=False))
        tried('removexattr ' + shown, lambda: os.removexattr(path, name, follow_symlinks=False))
tried('setxattr too large', lambda: os.setxattr('f', 'user.large', b'v' * 65537))

shutil.copy('/bin/sleep', 'prog')
os.chmod('prog', 0o755)
running = subprocess.Popen(['./prog', '60'])
while os.readlink('/proc/%d/exe' % running.pid) != os.path.realpath('prog'):
    pass
tried('open a running program for writing', lambda: os.open('prog', os.O_WRONLY))
tried('truncate a running program', lambda: os.truncate('prog', 0))
tried('unlink a running program', lambda: os.unlink('prog'))
running.kill()
running.wait()
shutil.copy('/bin/true', 'prog')
os.chmod('prog', 0o755)
held = os.open('prog', os.O_WRONLY)
tried('execute what is open for writing', lambda: subprocess.call(['./prog']))
os.close(held)
os.chmod('prog', 0o644)
tried('execute without x', lambda: subprocess.call(['./prog']))
tried('execute a directory', lambda: subprocess.call(['./d']))

anew()
os.mkdir('gone')
gone = os.open('gone', os.O_RDONLY)
os.chdir('gone')
os.rmdir('../gone')
for name, call in ('creat', lambda: os.open('a', os.O_CREAT | os.O_RDWR)), ('mkdir', lambda: os.mkdir('a')), ('mkfifo', lambda: os.mkfifo('a')), ('symlink', lambda: os.symlink('a', 'b')), ('links', lambda: os.fstat(gone).st_nlink):
    tried(name + ' in a removed directory', call)
os.chdir(here)
for name in 'f', 'p':
    kept = os.open(name, os.O_RDWR)
    os.unlink(name)
    tried('links of a removed ' + name, lambda: os.fstat(kept).st_nlink)
    tried('kind of a removed ' + name, lambda: oct(stat.S_IFMT(os.fstat(kept).st_mode)))
    if name == 'f':  # the server has no more of a fifo that is only open
        tried('chmod of a removed ' + name, lambda: os.fchmod(kept, 0o600))
