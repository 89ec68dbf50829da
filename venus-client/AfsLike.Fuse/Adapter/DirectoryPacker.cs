using System.Runtime.InteropServices;
using System.Text;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Fills the reply of READDIR and READDIRPLUS. Each entry is a DirectoryEntry, the name, and zeros up to a multiple of 8;
/// READDIRPLUS has an EntryOut before each. An entry that does not fit is refused before its reference is counted.
/// </summary>
internal sealed class DirectoryPacker(Exchange exchange, Grants grants, int room, bool withEntries)
{
    public int Length { get; private set; }

    public bool Take(ListedEntry listed)
    {
        if (!Fits(listed.Name.Bytes.Length))
        {
            return false;
        }

        var attributes = listed.Entry.Attributes;
        var entry = withEntries ? grants.Entry(exchange, exchange.Node, listed.Name, listed.Entry, Length) : default;
        Append(entry, listed.Name.Bytes, attributes.Inode, listed.Cookie + 2, Grants.TypeOf(attributes.Kind));
        return true;
    }

    /// <summary>"." and "..": the kernel takes no node for them.</summary>
    public bool AddDots(string name, ulong inode, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[2];
        var length = Encoding.ASCII.GetBytes(name, bytes);
        if (!Fits(length))
        {
            return false;
        }

        Append(default, bytes[..length], inode, offset, FileModes.Directory);
        return true;
    }

    private static int Padded(int length) => (length + 7) & ~7;

    private bool Fits(int nameLength) =>
        Length + (withEntries ? EntryOut.Size : 0) + Padded(DirectoryEntry.Size + nameLength) <= room;

    private void Append(in EntryOut entry, ReadOnlySpan<byte> name, ulong inode, ulong offset, uint type)
    {
        var target = exchange.ReplyData.Span[Length..];
        if (withEntries)
        {
            MemoryMarshal.Write(target, entry);
            target = target[EntryOut.Size..];
            Length += EntryOut.Size;
        }

        var size = Padded(DirectoryEntry.Size + name.Length);
        target[..size].Clear();
        MemoryMarshal.Write(
            target, new DirectoryEntry { Inode = inode, Offset = offset, NameLength = (uint)name.Length, Type = type >> 12 });
        name.CopyTo(target[DirectoryEntry.Size..]);
        Length += size;
    }
}
