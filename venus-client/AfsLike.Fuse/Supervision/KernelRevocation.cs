using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Supervision;

/// <summary>
/// Takes back everything at once: INC_EPOCH covers all names and what hangs on them, INVAL_INODE the attributes of files and
/// directories that are open and so are asked without a name (RULES.md 4). Nothing here waits for a lock. A kernel before 6.16
/// has no epoch; there, names never get any validity (see Negotiation), so attributes are all there is to take back.
/// </summary>
internal static unsafe class KernelRevocation
{
    /// <summary>Returns how many nodes were told.</summary>
    public static int Everything(KernelNotices notices, SharedPage page)
    {
        _ = notices.Epoch();
        var told = 0;
        var slots = page.Slots;
        var last = Math.Min(Volatile.Read(ref page.Head.HighWater), SharedPage.Capacity);
        for (uint i = 0; i < last; i++)
        {
            var node = Volatile.Read(ref slots[i].Node);
            if (node != 0)
            {
                _ = notices.Attributes(node);
                told++;
            }
        }

        _ = notices.Attributes(1);
        return told;
    }
}
