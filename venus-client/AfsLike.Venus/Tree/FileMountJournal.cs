using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The journal as a file of records of fixed size, appended without fsync (the kernel keeps what a killed process wrote), and written anew with
/// only what still holds when it is opened and whenever it has grown past <see cref="CompactAbove"/>.
/// <code>
///   kind u8 | 3 unused | uid u32 | modes u32 | volume u32 | vnode u64 | number u64 | node u64 | data version u64      48 bytes, little-endian
/// </code>
/// </summary>
public sealed class FileMountJournal : IMountJournal, IDisposable
{
    public const int RecordSize = 48;

    public const long CompactAbove = 8 * 1024 * 1024;

    private readonly string _path;
    private readonly JournalState _state = new();
    private FileStream _file;

    /// <param name="path">The file; its directory must exist.</param>
    /// <param name="newMount">Forget a former mount.</param>
    public FileMountJournal(string path, bool newMount)
    {
        _path = path;
        if (!newMount && File.Exists(path))
        {
            var bytes = File.ReadAllBytes(path);
            for (var at = 0; at + RecordSize <= bytes.Length; at += RecordSize)
            {
                _state.Take(Decode(bytes.AsSpan(at, RecordSize)));
            }
        }

        _file = Compact();
    }

    public IReadOnlyList<JournalRecord> Load() => _state.All;

    public void Append(in JournalRecord record)
    {
        _state.Take(record);
        Span<byte> bytes = stackalloc byte[RecordSize];
        Encode(record, bytes);
        Write(bytes);
    }

    /// <summary>One write(2): a daemon that is killed has made it or has not.</summary>
    public void Append(IReadOnlyList<JournalRecord> records)
    {
        var bytes = new byte[records.Count * RecordSize];
        for (var i = 0; i < records.Count; i++)
        {
            _state.Take(records[i]);
            Encode(records[i], bytes.AsSpan(i * RecordSize, RecordSize));
        }

        Write(bytes);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        if (_file.Position > CompactAbove && _file.Position > 4L * RecordSize * _state.Count)
        {
            _file.Dispose();
            _file = Compact();
        }
    }

    public void Dispose() => _file.Dispose();

    private FileStream Compact()
    {
        using (var whole = new FileStream(_path + ".new", FileMode.Create, FileAccess.Write))
        {
            Span<byte> bytes = stackalloc byte[RecordSize];
            foreach (var record in Load())
            {
                Encode(record, bytes);
                whole.Write(bytes);
            }
        }

        File.Move(_path + ".new", _path, overwrite: true);
        var file = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    private static void Encode(in JournalRecord record, Span<byte> bytes)
    {
        bytes.Clear();
        bytes[0] = (byte)record.Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], record.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], (uint)record.Modes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], record.Fid.Volume.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], record.Fid.Vnode.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], record.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], record.Node.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], record.Version.Value);
    }

    private static JournalRecord Decode(ReadOnlySpan<byte> bytes) => new(
        (JournalKind)bytes[0],
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
        new Fid(BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])),
        new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])),
        (OpenModes)BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        new DataVersion(BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..])));
}
