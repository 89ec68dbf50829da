using AfsLike.Common.Model;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Storage;

/// <summary>What every store of chunks does.</summary>
public abstract class ChunkStoreContract
{
    protected abstract IChunkStore Chunks { get; }

    [Fact]
    public async Task A_chunk_is_read_as_it_was_written_and_listed_until_it_is_deleted()
    {
        byte[] bytes = [1, 2, 3];
        await Chunks.WriteAsync(0x1ab, bytes);
        await Chunks.WriteAsync(0x1ac, bytes);
        Assert.Equal(bytes, (await Chunks.ReadAsync(Of(0x1ab, bytes))).ToArray());
        Assert.Equal([0x1abUL, 0x1acUL], Chunks.All().Order());
        Chunks.Delete(0x1ab);
        Chunks.Delete(0x1ab);
        Assert.Equal([0x1acUL], Chunks.All());
        await RefusesAsync(Of(0x1ab, bytes));
    }

    [Fact]
    public async Task A_number_written_again_replaces_what_was_there()
    {
        await Chunks.WriteAsync(7, new byte[] { 1, 2, 3 });
        await Chunks.WriteAsync(7, new byte[] { 4 });
        Assert.Equal([4], (await Chunks.ReadAsync(Of(7, [4]))).ToArray());
    }

    [Fact]
    public async Task What_does_not_match_its_checksum_or_length_is_refused()
    {
        await Chunks.WriteAsync(7, new byte[] { 1, 2, 3 });
        await RefusesAsync(Of(7, [1, 2, 4]));
        await RefusesAsync(Of(7, [1, 2]));
        await RefusesAsync(Of(7, [1, 2, 3, 4]));
    }

    protected async Task RefusesAsync(Chunk chunk) =>
        Assert.Equal(AfsError.Corrupted, (await Assert.ThrowsAsync<AfsException>(() => Chunks.ReadAsync(chunk))).Error);

    protected static Chunk Of(ulong id, byte[] bytes) => new(id, bytes.Length, Checksum.Of(bytes));
}

public sealed class MemoryChunkStoreTests : ChunkStoreContract
{
    protected override IChunkStore Chunks { get; } = new MemoryChunkStore();
}

public sealed class FileChunkStoreTests : ChunkStoreContract, IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("afs-chunks-").FullName;

    public FileChunkStoreTests() => Chunks = new FileChunkStore(_place);

    protected override IChunkStore Chunks { get; }

    public void Dispose() => Directory.Delete(_place, recursive: true);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("lengthen")]
    [InlineData("remove")]
    public async Task Damage_on_the_disk_is_an_error_that_names_the_file_and_never_data(string damage)
    {
        var bytes = Enumerable.Range(0, 5000).Select(i => (byte)i).ToArray();
        await Chunks.WriteAsync(9, bytes);
        var file = Directory.EnumerateFiles(_place, "*", SearchOption.AllDirectories).Single();
        switch (damage)
        {
            case "flip":
                var stored = await File.ReadAllBytesAsync(file);
                stored[4321] ^= 4;
                await File.WriteAllBytesAsync(file, stored);
                break;
            case "cut":
                await File.WriteAllBytesAsync(file, bytes[..4999]);
                break;
            case "lengthen":
                await File.AppendAllTextAsync(file, "x");
                break;
            default:
                File.Delete(file);
                break;
        }

        var failure = await Assert.ThrowsAsync<AfsException>(() => Chunks.ReadAsync(Of(9, bytes)));
        Assert.Equal(AfsError.Corrupted, failure.Error);
        Assert.Contains(Path.GetFileName(file), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_told_as_no_space_and_leaves_nothing()
    {
        var place = Path.Combine(_place, "small");
        Directory.CreateDirectory(place);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=96k,nr_inodes=600", "none", place), "a small file system cannot be mounted here");
        try
        {
            var chunks = new FileChunkStore(place);
            var failure = await Assert.ThrowsAsync<AfsException>(() => chunks.WriteAsync(9, new byte[200_000]));
            Assert.Equal(AfsError.NoSpace, failure.Error);
            await chunks.WriteAsync(10, new byte[1000]);
            Assert.Equal([10UL], chunks.All());
        }
        finally
        {
            Run("umount", place);
        }
    }

    [Fact]
    public async Task What_a_crash_left_of_a_write_is_no_chunk_and_goes()
    {
        await Chunks.WriteAsync(9, new byte[10]);
        var file = Directory.EnumerateFiles(_place, "*", SearchOption.AllDirectories).Single();
        File.Copy(file, Path.Combine(Path.GetDirectoryName(file)!, "00000000000000ff.new"));
        Assert.Equal([9UL], new FileChunkStore(_place).All());
        Assert.Equal([file], Directory.EnumerateFiles(_place, "*", SearchOption.AllDirectories));
    }
}
