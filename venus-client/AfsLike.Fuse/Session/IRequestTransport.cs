namespace AfsLike.Fuse.Session;

/// <summary>How requests come from the kernel and replies go to it: /dev/fuse now, io_uring when its time comes.</summary>
internal interface IRequestTransport
{
    /// <summary>Waits for the next request and puts it into <paramref name="exchange"/>. False: no more will come.</summary>
    bool Receive(Exchange exchange);

    /// <summary>Hands the reply to the kernel. False: nobody waits for it any more.</summary>
    bool Send(Exchange exchange);
}
