using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>
/// What all handles of one node share: one local file, or one stream of a huge one. Exists from the beginning of the first open until the last
/// handle is closed and every local change is stored.
/// </summary>
internal sealed class OpenFile
{
    /// <summary>One at a time decides what the node's contents are.</summary>
    public Turnstile Gate { get; } = new();

    /// <summary>Opens under way. From the first one on a break counts as met by an open file.</summary>
    public int Opening { get; set; }

    public int Handles { get; set; }

    public int Writers { get; set; }

    /// <summary>Fixed from the first grant until the last handle is closed: the kernel cannot mix them.</summary>
    public OpenKind Kind { get; set; }

    /// <summary>Pinned while it is here.</summary>
    public CachedFile? Content { get; set; }

    public IStreamedFile? Stream { get; set; }

    /// <summary>The status the contents are of.</summary>
    public VnodeStatus? Held { get; set; }

    /// <summary>The contents were cut by O_TRUNC: to be stored even if nothing is written.</summary>
    public bool MustStore { get; set; }

    /// <summary>The store under way.</summary>
    public Task? Storing { get; set; }

    /// <summary>The last store failed; the bytes wait here for a close, or for the next try.</summary>
    public AfsException? Failure { get; set; }

    /// <summary>The last one who wrote, in whose name a failed store is tried again.</summary>
    public Identity.Login LastWriter { get; set; } = Identity.Login.Nobody;

    public bool HasContents => Content is not null || Stream is not null;
}
