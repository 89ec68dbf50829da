namespace AfsLike.Butler.Execution;

/// <summary>A command that was started: its stdio as bytes that never block the caller, its end, its process group.</summary>
public sealed class RunningCommand : IDisposable
{
    private readonly ProcessDescriptor _process;
    private readonly Poller _poller;
    private readonly int[] _descriptors;

    internal RunningCommand(ProcessDescriptor process, Poller poller, int input, int output, int error)
    {
        _process = process;
        _poller = poller;
        _descriptors = [input, output, error];
    }

    public int Pid => _process.Pid;

    /// <summary>Writes all of it as the command takes it. False when it reads no more.</summary>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var fd = _descriptors[0];
            var count = fd < 0 ? -1 : Descriptors.Write(fd, bytes.Span);
            if (count < 0)
            {
                return false;
            }

            bytes = bytes[count..];
            if (!bytes.IsEmpty)
            {
                await _poller.WritableAsync(fd);
            }
        }

        return true;
    }

    /// <summary>Bytes of stdout (1) or stderr (2): at least one, or none at the end. One read of a stream at a time.</summary>
    public async Task<int> ReadAsync(uint stream, Memory<byte> buffer)
    {
        while (true)
        {
            var fd = _descriptors[stream];
            var count = fd < 0 ? 0 : Descriptors.Read(fd, buffer.Span);
            if (count >= 0)
            {
                return count;
            }

            await _poller.ReadableAsync(fd);
        }
    }

    public Task<(uint Code, uint Signal)> EndAsync() => _process.EndAsync();

    public void SignalGroup(uint signal) => _process.SignalGroup(signal);

    /// <summary>After <see cref="EndAsync"/>: kills what is left of the process group.</summary>
    public Task ReapAsync() => _process.ReapAsync();

    /// <summary>Closes the command's stdin (0), or our end of its stdout (1) or stderr (2); a read under way ends.</summary>
    public void CloseStream(uint stream)
    {
        var fd = _descriptors[stream];
        if (fd >= 0)
        {
            _descriptors[stream] = -1;
            _poller.Forget(fd);
            _ = Posix.Close(fd);
        }
    }

    public void Dispose()
    {
        CloseStream(0);
        CloseStream(1);
        CloseStream(2);
        _process.Dispose();
    }
}
