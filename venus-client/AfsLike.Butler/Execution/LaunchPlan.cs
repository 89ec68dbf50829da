using System.Globalization;
using System.Text;

namespace AfsLike.Butler.Execution;

/// <summary>
/// What the launcher is to become. It travels in a memory file, not on the launcher's command line or in its environment:
/// those the whole host could read, and the environment is the job's own choice, which no process that is still root may
/// be started with (LD_PRELOAD).
/// </summary>
public sealed record LaunchPlan
{
    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    /// <summary>Bits the command's new files do not get; 0 to 0x1FF.</summary>
    public required uint Umask { get; init; }

    /// <summary>The launcher's parent: it starts nothing for another one.</summary>
    public required int Butler { get; init; }

    /// <summary>Opened before the identity changes: the directories above it need not be open to the job.</summary>
    public required string Mount { get; init; }

    /// <summary>Below <see cref="Mount"/>, bytes without a leading '/'; empty for the mount itself. Opened as the job.</summary>
    public required ReadOnlyMemory<byte> Directory { get; init; }

    public required IReadOnlyList<ReadOnlyMemory<byte>> Arguments { get; init; }

    /// <summary>Each NAME=value. Its PATH is where the command is looked for.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Environment { get; init; }

    /// <summary>Fields, each ended by a NUL: uid, gid, umask, butler, mount, directory, count of arguments, arguments, environment.</summary>
    public byte[] Encode()
    {
        var bytes = new MemoryStream();
        Add(bytes, Uid);
        Add(bytes, Gid);
        Add(bytes, Umask);
        Add(bytes, (uint)Butler);
        Add(bytes, Encoding.UTF8.GetBytes(Mount));
        Add(bytes, Directory.Span);
        Add(bytes, (uint)Arguments.Count);
        foreach (var field in Arguments.Concat(Environment))
        {
            Add(bytes, field.Span);
        }

        return bytes.ToArray();
    }

    /// <summary>Throws <see cref="FormatException"/> for anything <see cref="Encode"/> did not write.</summary>
    public static LaunchPlan Decode(byte[] bytes)
    {
        var fields = new Queue<ReadOnlyMemory<byte>>();
        ReadOnlyMemory<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)0);
            if (end < 0)
            {
                throw new FormatException("a field of the launch plan has no end");
            }

            fields.Enqueue(rest[..end]);
            rest = rest[(end + 1)..];
        }

        if (fields.Count < 8)
        {
            throw new FormatException("the launch plan is too short");
        }

        var plan = new LaunchPlan
        {
            Uid = Number(fields.Dequeue()),
            Gid = Number(fields.Dequeue()),
            Umask = Number(fields.Dequeue()),
            Butler = (int)Number(fields.Dequeue()),
            Mount = Encoding.UTF8.GetString(fields.Dequeue().Span),
            Directory = fields.Dequeue(),
            Arguments = Take(fields, (int)Number(fields.Dequeue())),
            Environment = [],
        };
        return plan with { Environment = [.. fields] };
    }

    private static ReadOnlyMemory<byte>[] Take(Queue<ReadOnlyMemory<byte>> fields, int count)
    {
        if (count < 1 || count > fields.Count)
        {
            throw new FormatException("the launch plan misses arguments");
        }

        var taken = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
        {
            taken[i] = fields.Dequeue();
        }

        return taken;
    }

    private static uint Number(ReadOnlyMemory<byte> field) => uint.Parse(field.Span, NumberStyles.None, CultureInfo.InvariantCulture);

    private static void Add(MemoryStream bytes, uint number) =>
        Add(bytes, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private static void Add(MemoryStream bytes, ReadOnlySpan<byte> field)
    {
        if (field.Contains((byte)0))
        {
            throw new FormatException("a field of the launch plan holds a NUL");
        }

        bytes.Write(field);
        bytes.WriteByte(0);
    }
}
