using AfsLike.Common;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>A write under way to a file whose writes are told. Ends on the strand.</summary>
internal sealed class RecordedWrite(Strand strand, CachedFile content, long offset, long length) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => new(strand.InvokeAsync(() =>
    {
        content.EndWrite(offset, length);
        return Task.CompletedTask;
    }));
}
