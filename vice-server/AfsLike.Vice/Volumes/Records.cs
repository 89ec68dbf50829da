using System.Text;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>A vnode as stored.</summary>
/// <param name="Up">Of a directory: the one that holds it, for the ancestry of renames. Of anything else: as <see cref="VnodeStatus.Parent"/>.</param>
/// <param name="IsUnnamed">It has never had a name.</param>
internal sealed record VnodeRecord(VnodeStatus Status, VnodeId Up, bool IsUnnamed = false);

/// <summary>What a volume is.</summary>
/// <param name="Trusted">Of a posix volume: the hosts that are believed about who their users are. Null: ACLs decide.</param>
internal sealed record VolumeInfo(VolumeId Id, string Name, UserId Owner, long Created, uint Group, uint Generation, IReadOnlyList<string>? Trusted);

internal sealed record VolumeCounters(VolumeVersion Version, ulong NextVnode, long Files, long Bytes);

/// <summary>Records and their bytes. A format's number changes when its bytes do; old numbers are never reused.</summary>
internal static class Records
{
    private const byte InfoFormat = 1;
    private const byte CountersFormat = 2;
    private const byte VnodeFormat = 3;
    private const byte NameFormat = 4;
    private const byte ContentFormat = 5;
    private const byte AclFormat = 6;
    private const byte AttributesFormat = 7;
    private const byte ReplyFormat = 8;
    private const byte HistoryFormat = 9;

    // Flags of a vnode.
    private const int HasAttributes = 1;
    private const int IsPosix = 2;
    private const int IsUnnamed = 4;
    private const int HasAccessAcl = 8;
    private const int HasDefaultAcl = 16;

    public static byte[] Encode(VolumeInfo info)
    {
        var w = new RecordWriter(InfoFormat)
            .Number(info.Id.Value).Blob(Encoding.UTF8.GetBytes(info.Name)).Number(info.Owner.Value).Fixed(info.Created)
            .Number(info.Group).Number(info.Generation);
        if (info.Trusted is { } trusted)
        {
            w.Number((ulong)trusted.Count);
            foreach (var host in trusted)
            {
                w.Blob(Encoding.UTF8.GetBytes(host));
            }
        }

        return w.Finish();
    }

    public static VolumeInfo DecodeInfo(byte[] bytes)
    {
        var r = new RecordReader(bytes, InfoFormat, "a volume");
        var info = new VolumeInfo(
            new VolumeId((uint)r.Number()), Encoding.UTF8.GetString(r.Blob()), new UserId((uint)r.Number()), r.Fixed(), (uint)r.Number(), (uint)r.Number(), null);
        if (r.IsAtEnd)
        {
            return info;
        }

        var trusted = new string[(int)r.Number()];
        for (var i = 0; i < trusted.Length; i++)
        {
            trusted[i] = Encoding.UTF8.GetString(r.Blob());
        }

        return info with { Trusted = trusted };
    }

    public static byte[] Encode(VolumeCounters counters) => new RecordWriter(CountersFormat, 48)
        .Number(counters.Version.Value).Number(counters.NextVnode).Number((ulong)counters.Files).Number((ulong)counters.Bytes).Finish();

    public static VolumeCounters DecodeCounters(byte[] bytes)
    {
        var r = new RecordReader(bytes, CountersFormat, "a volume's counters");
        return new VolumeCounters(new VolumeVersion(r.Number()), r.Number(), (long)r.Number(), (long)r.Number());
    }

    public static byte[] Encode(VnodeRecord record)
    {
        var s = record.Status;
        var w = new RecordWriter(VnodeFormat)
            .Byte((byte)s.Kind).Number(s.Version.Value).Number(s.DataVersion.Value).Number((ulong)s.Length).Number(s.Mode).Number(s.Owner.Value)
            .Number(s.LinkCount).Fixed(s.ModifyTime).Fixed(s.ChangeTime).Fixed(s.AccessTime).Number(s.Parent.Vnode.Value).Number(record.Up.Value)
            .Byte(FlagsOf(record)).Blob(s.Target.Span);
        w = s.IsPosix ? w.Number(s.Group) : w;
        return (s.AccessAcl.IsEmpty ? w : w.Blob(s.AccessAcl.Span)).Finish();
    }

    public static VnodeRecord DecodeVnode(byte[] bytes, Fid fid)
    {
        var r = new RecordReader(bytes, VnodeFormat, $"vnode {fid}");
        var status = new VnodeStatus
        {
            Fid = fid,
            Kind = (VnodeKind)r.Byte(),
            Version = new VolumeVersion(r.Number()),
            DataVersion = new DataVersion(r.Number()),
            Length = (long)r.Number(),
            Mode = (uint)r.Number(),
            Owner = new UserId((uint)r.Number()),
            LinkCount = (uint)r.Number(),
            ModifyTime = r.Fixed(),
            ChangeTime = r.Fixed(),
            AccessTime = r.Fixed(),
            Parent = new Fid(fid.Volume, new VnodeId(r.Number())),
        };
        var up = new VnodeId(r.Number());
        var flags = r.Byte();
        status = status with { HasAttributes = (flags & HasAttributes) != 0, Target = r.Blob().ToArray(), IsPosix = (flags & IsPosix) != 0 };
        if (status.IsPosix)
        {
            status = status with { Group = (uint)r.Number(), HasDefaultAcl = (flags & HasDefaultAcl) != 0 };
        }

        return new VnodeRecord((flags & HasAccessAcl) != 0 ? status with { AccessAcl = r.Blob().ToArray() } : status, up, (flags & IsUnnamed) != 0);
    }

    /// <summary>The kind stands here too: listings and breaks need it often, and it never changes.</summary>
    public static byte[] Encode(VnodeId vnode, VnodeKind kind) => new RecordWriter(NameFormat, 24).Number(vnode.Value).Byte((byte)kind).Finish();

    public static VnodeId DecodeName(byte[] bytes) => new(new RecordReader(bytes, NameFormat, "a name").Number());

    public static byte[] Encode(FileContent content)
    {
        var w = new RecordWriter(ContentFormat, content.Inline.Length + 64).Number((ulong)content.Length);
        Body(w, content);
        return w.Finish();
    }

    public static FileContent DecodeContent(byte[] bytes, Fid fid)
    {
        var r = new RecordReader(bytes, ContentFormat, $"the contents of {fid}");
        return Body(ref r, (long)r.Number());
    }

    /// <param name="replaced">Nanoseconds since 1970: when a foreign store replaced these contents.</param>
    public static byte[] EncodeHistory(FileContent content, long replaced)
    {
        var w = new RecordWriter(HistoryFormat, content.Inline.Length + 64).Fixed(replaced).Number((ulong)content.Length);
        Body(w, content);
        return w.Finish();
    }

    public static (FileContent Content, long Replaced) DecodeHistory(byte[] bytes)
    {
        var r = new RecordReader(bytes, HistoryFormat, "replaced contents");
        var replaced = r.Fixed();
        return (Body(ref r, (long)r.Number()), replaced);
    }

    public static byte[] Encode(AccessList acl)
    {
        var w = new RecordWriter(AclFormat).Number((ulong)acl.Entries.Count);
        foreach (var entry in acl.Entries)
        {
            w.Number(entry.User is { } user ? user.Value + 1UL : 0).Blob(Encoding.UTF8.GetBytes(entry.Group ?? "")).Byte((byte)entry.Rights);
        }

        return w.Finish();
    }

    public static AccessList DecodeAcl(byte[] bytes, Fid fid)
    {
        var r = new RecordReader(bytes, AclFormat, $"the ACL of {fid}");
        var entries = new AccessEntry[(int)r.Number()];
        for (var i = 0; i < entries.Length; i++)
        {
            var user = r.Number();
            var group = Encoding.UTF8.GetString(r.Blob());
            entries[i] = new AccessEntry(user == 0 ? null : new UserId((uint)(user - 1)), group.Length == 0 ? null : group, (Rights)r.Byte());
        }

        return new AccessList(entries);
    }

    public static byte[] Encode(IReadOnlyList<(byte[] Name, byte[] Value)> attributes)
    {
        var w = new RecordWriter(AttributesFormat).Number((ulong)attributes.Count);
        foreach (var (name, value) in attributes)
        {
            w.Blob(name).Blob(value);
        }

        return w.Finish();
    }

    public static List<(byte[] Name, byte[] Value)> DecodeAttributes(byte[] bytes, Fid fid)
    {
        var r = new RecordReader(bytes, AttributesFormat, $"the xattrs of {fid}");
        var count = (int)r.Number();
        var attributes = new List<(byte[], byte[])>(count);
        for (var i = 0; i < count; i++)
        {
            attributes.Add((r.Blob().ToArray(), r.Blob().ToArray()));
        }

        return attributes;
    }

    public static byte[] EncodeReply(byte[] reply) => new RecordWriter(ReplyFormat, reply.Length + 32).Blob(reply).Finish();

    public static byte[] DecodeReply(byte[] bytes) => new RecordReader(bytes, ReplyFormat, "a remembered reply").Blob().ToArray();

    private static byte FlagsOf(VnodeRecord record)
    {
        var s = record.Status;
        return (byte)((s.HasAttributes ? HasAttributes : 0) | (s.IsPosix ? IsPosix : 0) | (record.IsUnnamed ? IsUnnamed : 0)
            | (s.AccessAcl.IsEmpty ? 0 : HasAccessAcl) | (s.HasDefaultAcl ? HasDefaultAcl : 0));
    }

    private static void Body(RecordWriter w, FileContent content)
    {
        w.Number((ulong)content.Chunks.Count);
        if (content.IsInline)
        {
            w.Blob(content.Inline.Span).Sum(content.InlineChecksum);
            return;
        }

        foreach (var chunk in content.Chunks)
        {
            w.Number(chunk.Id).Number((ulong)chunk.Length).Sum(chunk.Checksum);
        }
    }

    private static FileContent Body(ref RecordReader r, long length)
    {
        var count = (int)r.Number();
        if (count == 0)
        {
            var inline = r.Blob().ToArray();
            return new FileContent(length, inline, r.Sum(), []);
        }

        var chunks = new Chunk[count];
        for (var i = 0; i < count; i++)
        {
            chunks[i] = new Chunk(r.Number(), (int)r.Number(), r.Sum());
        }

        return new FileContent(length, default, default, chunks);
    }
}
