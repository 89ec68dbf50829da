using AfsLike.Venus.Servers;

namespace AfsLike.Tests.Venus.Servers;

public sealed class FileOperationLedgerTests : IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("ledger-test-").FullName;

    private string Path => System.IO.Path.Combine(_place, "operations");

    public void Dispose() => Directory.Delete(_place, recursive: true);

    [Fact]
    public void What_was_saved_last_is_loaded()
    {
        new FileOperationLedger(Path).Save(3, 1UL << 40);
        new FileOperationLedger(Path).Save(4, 7);
        Assert.Equal(((ushort)4, 7UL), new FileOperationLedger(Path).Load());
    }

    [Fact]
    public void A_file_that_a_power_cut_left_empty_counts_from_the_start()
    {
        File.WriteAllBytes(Path, []);
        Assert.Equal(((ushort)0, 1UL), new FileOperationLedger(Path).Load());
    }

    [Fact]
    public void A_file_of_any_other_length_is_refused()
    {
        File.WriteAllBytes(Path, new byte[9]);
        Assert.Throws<InvalidDataException>(() => new FileOperationLedger(Path).Load());
    }
}
