using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;
using LockRange = AfsLike.Fuse.Abi.LockRange;

namespace AfsLike.Fuse.Adapter;

/// <summary>fcntl(2) and flock(2), which come here only when the mount was told to ask (FuseMountOptions.RemoteLocks).</summary>
internal sealed class LockOperations(IFileTree tree, HandleTable handles)
{
    public async ValueTask TestAsync(Exchange x)
    {
        var request = x.Body.Take<LockIn>();
        var file = await handles.FindAsync(x, request.Handle);
        var found = await tree.TestLockAsync(file.Handle, Translate(request, wait: false), x.Cancel);
        x.Reply(new LockRange { Start = found.Start, End = found.End, Type = TypeOf(found.Kind), Pid = found.Pid });
    }

    public async ValueTask SetAsync(Exchange x, bool wait)
    {
        var request = x.Body.Take<LockIn>();
        var file = await handles.FindAsync(x, request.Handle);
        await tree.LockAsync(file.Handle, Translate(request, wait), x.Cancel);
        x.ReplyEmpty();
    }

    private static LockRequest Translate(in LockIn r, bool wait)
    {
        var kind = r.Range.Type switch
        {
            0 => LockKind.Shared,
            1 => LockKind.Exclusive,
            2 => LockKind.Unlock,
            _ => throw new AfsException(AfsError.InvalidArgument, "a lock of no known kind"),
        };
        var whole = (r.Flags & RequestBits.LockIsFlock) != 0;
        return new LockRequest(kind, r.Range.Start, r.Range.End, r.Owner, r.Range.Pid, whole, wait);
    }

    private static uint TypeOf(LockKind kind) => kind switch
    {
        LockKind.Shared => 0,
        LockKind.Exclusive => 1,
        _ => 2,
    };
}
