using System.Buffers.Binary;

namespace AfsLike.Common.Model;

/// <summary>
/// ACLs of POSIX 1003.1e (draft 17, withdrawn; acl(5)), as Linux decides by them (fs/posix_acl.c), in the form its xattrs have: a version (u32, 2), then entries of a tag (u16), permissions (u16:
/// <see cref="PosixMode.Read"/>, Write, Execute) and a uid or gid (u32), all little-endian, in the order of their tags. They are read where they lie: who is asked for at each open is not parsed first. Pure.
/// <para>
/// What an ACL is kept of has it agree with its mode: the owner's bits are the owner's entry, the group's are the mask, the others' are theirs. It has a mask: without one it says no more than a mode.
/// </para>
/// </summary>
public static class PosixAcl
{
    private const uint FormatVersion = 2;
    private const int HeadBytes = 4;
    private const int EntryBytes = 8;
    private const uint Everything = PosixMode.Read | PosixMode.Write | PosixMode.Execute;
    private const uint ModeBits = 0x1FF;

    private enum Tag : ushort
    {
        Owner = 1,
        User = 2,
        OwningGroup = 4,
        Group = 8,
        Mask = 16,
        Other = 32,
    }

    /// <summary>The xattr that decides who may do what with a vnode.</summary>
    public static ReadOnlySpan<byte> AccessName => "system.posix_acl_access"u8;

    /// <summary>The xattr of a directory from which what is made in it gets its own.</summary>
    public static ReadOnlySpan<byte> DefaultName => "system.posix_acl_default"u8;

    public static bool IsName(ReadOnlySpan<byte> name) => name.SequenceEqual(AccessName) || name.SequenceEqual(DefaultName);

    /// <summary>
    /// As posix_acl_valid() of Linux has it: each obligatory entry once, a mask with named ones, tags in order. The numbers behind them may come in any order and, as there, twice.
    /// Throws <see cref="AfsException"/> InvalidArgument for anything else.
    /// </summary>
    public static void Check(ReadOnlySpan<byte> acl)
    {
        if (acl.Length < HeadBytes || (acl.Length - HeadBytes) % EntryBytes != 0 || acl.Length > Limits.AttributeValue || BinaryPrimitives.ReadUInt32LittleEndian(acl) != FormatVersion)
        {
            throw Malformed("it is not of version 2, or not whole");
        }

        var (last, needsMask) = ((Tag)0, false);
        for (var i = 0; i < CountOf(acl); i++)
        {
            var (tag, permissions, id) = EntryOf(acl, i);
            var fits = tag switch
            {
                Tag.Owner => last == 0,
                Tag.User => last is Tag.Owner or Tag.User && id != uint.MaxValue,
                Tag.OwningGroup => last is Tag.Owner or Tag.User,
                Tag.Group => last is Tag.OwningGroup or Tag.Group && id != uint.MaxValue,
                Tag.Mask => last is Tag.OwningGroup or Tag.Group,
                Tag.Other => last == Tag.Mask || (last == Tag.OwningGroup && !needsMask),
                _ => false,
            };
            if (!fits || (permissions & ~Everything) != 0)
            {
                throw Malformed($"its entry {i} does not belong there");
            }

            needsMask |= tag is Tag.User or Tag.Group;
            last = tag;
        }

        if (last != Tag.Other)
        {
            throw Malformed("it does not end with an entry for others");
        }
    }

    /// <summary>
    /// Whether an ACL lets somebody who is not the owner do all of what is <paramref name="wanted"/>: his own entry decides, else those of his groups, of which one has to grant it, else that of others.
    /// </summary>
    /// <param name="group">The vnode's own.</param>
    public static bool Allows(ReadOnlySpan<byte> acl, UnixCaller who, uint group, uint wanted)
    {
        var (mask, other) = (Find(acl, Tag.Mask) ?? Everything, Find(acl, Tag.Other) ?? 0);
        var (someGroupMay, someGroupMayNot) = (false, false);
        for (var i = 0; i < CountOf(acl); i++)
        {
            var (tag, permissions, id) = EntryOf(acl, i);
            var may = (permissions & mask & wanted) == wanted;
            if (tag == Tag.User && id == who.Uid)
            {
                return may;
            }

            someGroupMay |= may && tag is Tag.OwningGroup or Tag.Group;
            someGroupMayNot |= !may && tag is Tag.OwningGroup or Tag.Group;
        }

        var otherMay = (other & wanted) == wanted;
        if (otherMay ? !someGroupMayNot : !someGroupMay)
        {
            return otherMay; // all say the same: nobody need be asked for his groups
        }

        var isInSome = false;
        for (var i = 0; i < CountOf(acl); i++)
        {
            var (tag, permissions, id) = EntryOf(acl, i);
            if (tag is Tag.OwningGroup or Tag.Group && who.IsIn(tag == Tag.Group ? id : group))
            {
                if ((permissions & mask & wanted) == wanted)
                {
                    return true;
                }

                isInSome = true;
            }
        }

        return !isInSome && otherMay;
    }

    /// <summary>No user and no group is named who may not search, whatever the mode's three classes may.</summary>
    public static bool LetsAllSearch(ReadOnlySpan<byte> acl)
    {
        for (var i = 0; i < CountOf(acl); i++)
        {
            var (tag, permissions, _) = EntryOf(acl, i);
            if (tag is Tag.User or Tag.OwningGroup or Tag.Group && (permissions & PosixMode.Execute) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>It says what a mode can say, and need not be kept.</summary>
    public static bool IsMode(ReadOnlySpan<byte> acl) => Find(acl, Tag.Mask) is null;

    /// <summary>What stat(2) shows of it: <paramref name="mode"/> with the permissions of the owner, of the mask (without one: of the group) and of others.</summary>
    public static uint ModeOf(ReadOnlySpan<byte> acl, uint mode) =>
        (mode & ~ModeBits) | ((Find(acl, Tag.Owner) ?? 0) << 6) | ((Find(acl, Tag.Mask) ?? Find(acl, Tag.OwningGroup) ?? 0) << 3) | (Find(acl, Tag.Other) ?? 0);

    /// <summary>What chmod(2) makes of it.</summary>
    public static byte[] WithMode(ReadOnlySpan<byte> acl, uint mode)
    {
        var after = acl.ToArray();
        var ofGroup = IsMode(acl) ? Tag.OwningGroup : Tag.Mask;
        for (var i = 0; i < CountOf(acl); i++)
        {
            var (tag, permissions, _) = EntryOf(acl, i);
            var set = tag == Tag.Owner ? mode >> 6 : tag == ofGroup ? mode >> 3 : tag == Tag.Other ? mode : permissions;
            BinaryPrimitives.WriteUInt16LittleEndian(after.AsSpan(PlaceOf(i) + 2), (ushort)(set & Everything));
        }

        return after;
    }

    /// <summary>What is made under a default ACL has no more than that and than the <paramref name="mode"/> it was asked for with; the umask of who asks means nothing then.</summary>
    /// <returns>Its access ACL, empty when the mode says it all, and its mode.</returns>
    public static (ReadOnlyMemory<byte> Acl, uint Mode) Inherit(ReadOnlySpan<byte> defaultAcl, uint mode)
    {
        var granted = ModeOf(defaultAcl, mode) & (mode | ~ModeBits);
        return (IsMode(defaultAcl) ? default(ReadOnlyMemory<byte>) : WithMode(defaultAcl, granted), granted);
    }

    private static uint? Find(ReadOnlySpan<byte> acl, Tag wanted)
    {
        for (var i = 0; i < CountOf(acl); i++)
        {
            if (EntryOf(acl, i) is var (tag, permissions, _) && tag == wanted)
            {
                return permissions;
            }
        }

        return null;
    }

    private static int CountOf(ReadOnlySpan<byte> acl) => Math.Max(0, acl.Length - HeadBytes) / EntryBytes;

    private static int PlaceOf(int index) => HeadBytes + (index * EntryBytes);

    private static (Tag Tag, uint Permissions, uint Id) EntryOf(ReadOnlySpan<byte> acl, int index)
    {
        var entry = acl.Slice(PlaceOf(index), EntryBytes);
        return ((Tag)BinaryPrimitives.ReadUInt16LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]));
    }

    private static AfsException Malformed(string why) => new(AfsError.InvalidArgument, $"this is no POSIX ACL: {why}");
}
