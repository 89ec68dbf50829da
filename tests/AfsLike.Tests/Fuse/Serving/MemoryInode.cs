using AfsLike.Common.Model;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Tests.Fuse.Serving;

/// <summary>One vnode of <see cref="MemoryTree"/>. A file's length and modify time are those of its local file.</summary>
internal sealed class MemoryInode(ulong id, VnodeKind kind, uint mode)
{
    private readonly Dictionary<FileName, ulong> _cookies = [];
    private readonly SortedDictionary<ulong, (FileName Name, ulong Node)> _entries = [];
    private KeyValuePair<ulong, (FileName Name, ulong Node)>[]? _listing;
    private ulong _lastCookie;

    public ulong Id => id;

    public VnodeKind Kind => kind;

    public uint Mode { get; set; } = mode;

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    public uint Links { get; set; } = kind == VnodeKind.Directory ? 2u : 1u;

    public long ModifyTime { get; set; }

    public long AccessTime { get; set; }

    public long ChangeTime { get; set; }

    public byte[] Target { get; set; } = [];

    public SortedDictionary<string, byte[]> Xattrs { get; } = new(StringComparer.Ordinal);

    /// <summary>References the kernel holds.</summary>
    public ulong Lookups { get; set; }

    public int Handles { get; set; }

    /// <summary>Open since the first open; closed when the kernel forgets the node.</summary>
    public SafeFileHandle? Local { get; set; }

    /// <summary>The last break that concerns it.</summary>
    public ulong BrokenAt { get; set; }

    public ulong ListedUnbrokenSince { get; set; }

    public int Count => _cookies.Count;

    public IEnumerable<(FileName Name, ulong Node)> Entries => _entries.Values;

    public ulong? Find(FileName name) => _cookies.TryGetValue(name, out var cookie) ? _entries[cookie].Node : null;

    public void Put(FileName name, ulong node)
    {
        Take(name);
        _cookies[name] = ++_lastCookie;
        _entries[_lastCookie] = (name, node);
        _listing = null;
    }

    public void Take(FileName name)
    {
        if (_cookies.Remove(name, out var cookie))
        {
            _entries.Remove(cookie);
            _listing = null;
        }
    }

    /// <summary>Entries behind a cookie, in order.</summary>
    public IEnumerable<(ulong Cookie, FileName Name, ulong Node)> From(ulong cookie)
    {
        _listing ??= [.. _entries];
        int low = 0, high = _listing.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_listing[middle].Key <= cookie)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (var i = low; i < _listing.Length; i++)
        {
            yield return (_listing[i].Key, _listing[i].Value.Name, _listing[i].Value.Node);
        }
    }
}
