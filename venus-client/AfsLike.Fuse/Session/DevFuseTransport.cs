using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Session;

/// <summary>
/// Plain read(2) and write(2) on the master descriptor. It is never cloned: what is read through a clone is lost to RESEND
/// (facts/fuse.md 7). A reply is written by whichever thread has it.
/// </summary>
internal sealed unsafe class DevFuseTransport(int descriptor, Action<string> log) : IRequestTransport
{
    private volatile bool _stopping;

    /// <summary>True when the kernel ended the connection (unmounted or aborted), not we.</summary>
    public bool Ended { get; private set; }

    public void Stop() => _stopping = true;

    public bool Receive(Exchange exchange)
    {
        while (!_stopping)
        {
            var length = Syscalls.Read(descriptor, exchange.RequestBuffer.Pointer, (nuint)exchange.RequestBuffer.Length);
            if (length >= 0)
            {
                if (exchange.Arrived((int)length))
                {
                    return true;
                }

                log($"fuse: the kernel sent a packet of {length} bytes that is no request; dropped");
                continue;
            }

            switch (Syscalls.LastError)
            {
                case Errno.Interrupted or Errno.Again or Errno.NoEntry:
                    continue;
                case Errno.NoDevice or Errno.ConnectionAborted:
                    Ended = true;
                    return false;
                case var error:
                    log($"fuse: reading requests failed: {error}");
                    Ended = true;
                    return false;
            }
        }

        return false;
    }

    public bool Send(Exchange exchange)
    {
        while (Syscalls.Write(descriptor, exchange.ReplyBuffer.Pointer, (nuint)exchange.ReplyLength) < 0)
        {
            var error = Syscalls.LastError;
            if (error == Errno.Interrupted)
            {
                continue;
            }

            if (error is not (Errno.NoEntry or Errno.NoDevice or Errno.ConnectionAborted))
            {
                log($"fuse: the kernel refused the reply to {exchange.Header.Opcode}: {error}");
            }

            return false;
        }

        return true;
    }
}
