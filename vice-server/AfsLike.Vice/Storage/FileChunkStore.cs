// This file moves bulk bytes on the pool: a sync blocks, and the strand must not.
#pragma warning disable RS0030
using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Vice.Storage;

/// <summary>
/// Chunks as files: XX/ID in hex, XX the last two digits. Written under a temporary name, synced, renamed, and the directory synced, so that what is there under
/// its name is whole. The checksum is in the map that names the chunk, not in the file.
/// </summary>
public sealed class FileChunkStore : IChunkStore
{
    private const string Unfinished = ".new";
    private const int NoSpace = 28; // ENOSPC, as .NET reports it

    private readonly string _root;

    public FileChunkStore(string root)
    {
        _root = root;
        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(root, i.ToString("x2", CultureInfo.InvariantCulture)));
        }
    }

    public Task ReadAsync(Chunk chunk, Memory<byte> buffer) => Task.Run(() =>
    {
        try
        {
            using var file = File.OpenHandle(PathOf(chunk.Id));
            var length = RandomAccess.GetLength(file);
            var count = length == chunk.Length ? RandomAccess.Read(file, buffer.Span, 0) : -1;
            if (count != chunk.Length || Checksum.Of(buffer.Span) != chunk.Checksum)
            {
                throw new AfsException(AfsError.Corrupted, $"chunk {chunk.Id:x} is damaged on the server's disk ({PathOf(chunk.Id)})");
            }
        }
        catch (IOException missing)
        {
            throw new AfsException(AfsError.Corrupted, $"chunk {chunk.Id:x} cannot be read: {missing.Message}", missing);
        }
    });

    public Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes) => Task.Run(() =>
    {
        var path = PathOf(id);
        try
        {
            Write(path, bytes);
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            File.Delete(path + Unfinished);
            throw new AfsException(AfsError.NoSpace, "the server's disk is full", full);
        }
    });

    private static void Write(string path, ReadOnlyMemory<byte> bytes)
    {
        using (var file = File.OpenHandle(path + Unfinished, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes.Span, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(path + Unfinished, path, overwrite: true);
        using var directory = OpenDirectory(Path.GetDirectoryName(path)!);
        RandomAccess.FlushToDisk(directory);
    }

    public void Delete(ulong id) => File.Delete(PathOf(id));

    public IEnumerable<ulong> All()
    {
        foreach (var path in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
        {
            if (ulong.TryParse(Path.GetFileName(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
            {
                yield return id;
            }
            else
            {
                File.Delete(path); // what a crash left of a write
            }
        }
    }

    private static SafeFileHandle OpenDirectory(string path) => DirectoryHandle.Open(path);

    private string PathOf(ulong id) => Path.Combine(
        _root, ((byte)id).ToString("x2", CultureInfo.InvariantCulture), id.ToString("x16", CultureInfo.InvariantCulture));
}
