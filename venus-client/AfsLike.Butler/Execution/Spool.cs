using Microsoft.Win32.SafeHandles;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Bytes of one stream that are not in their file yet. Appended on the Butler's strand, carried over by the job's file thread. The file has no name once it is open:
/// that thread goes by the job's user, who may not remove it.
/// </summary>
internal sealed class Spool(string path, long most)
{
    private const int CopyBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private SafeFileHandle? _file;
    private long _length;
    private long _copied;
    private bool _closed;

    /// <summary>False when there is no room; what came before stays in order.</summary>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_closed || _length + bytes.Length > most)
            {
                _closed = true;
                return false;
            }

            try
            {
                _file ??= Open();
                RandomAccess.Write(_file, bytes, _length);
                _length += bytes.Length;
                return true;
            }
            catch (IOException)
            {
                _closed = true; // the disk is full: the caller logs it
                return false;
            }
        }
    }

    /// <summary>Moves what is there to the end of <paramref name="target"/>. True when there was anything.</summary>
    public bool CopyTo(FileStream target)
    {
        var buffer = new byte[Waiting()];
        while (Next(buffer) is var count && count > 0)
        {
            target.Write(buffer, 0, count);
        }

        return buffer.Length > 0;
    }

    /// <summary>What was not carried over is gone.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _file?.Dispose();
            _file = null;
        }
    }

    private SafeFileHandle Open()
    {
        var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(path);
        return file;
    }

    private int Waiting()
    {
        lock (_gate)
        {
            return (int)Math.Min(CopyBytes, _length - _copied);
        }
    }

    private int Next(byte[] buffer)
    {
        lock (_gate)
        {
            if (_file is null || _copied == _length)
            {
                return 0;
            }

            var count = RandomAccess.Read(_file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, _length - _copied)), _copied);
            _copied += count;
            if (_copied == _length && _length > CopyBytes)
            {
                RandomAccess.SetLength(_file, 0);
                _length = _copied = 0;
            }

            return count;
        }
    }
}
