using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>What is known of the store without asking it, and that it stays small.</summary>
public sealed class RecentRecordsTests
{
    private readonly RecentRecords _recent = new(capacity: 1_000);

    [Fact]
    public void Values_are_known_and_absences_too_and_nothing_else()
    {
        _recent.Put([1], [7]);
        _recent.Put([2], null);
        Assert.Equal("7 absent unknown", $"{Known(1)} {Known(2)} {Known(3)}");
    }

    [Fact]
    public void What_is_in_use_stays_and_what_is_not_goes()
    {
        _recent.Put([1], [1]);
        _recent.Put([2], [2]);
        for (byte other = 10; other < 100; other++)
        {
            _recent.Put([other], [other]);
            Assert.Equal("1", Known(1));
        }

        Assert.Equal("unknown 99", $"{Known(2)} {Known(99)}");
    }

    [Fact]
    public void An_older_generation_does_not_answer_for_a_newer_one()
    {
        _recent.Put([1], [1]);
        for (byte other = 10; other < 21; other++)
        {
            _recent.Put([other], [other]);
        }

        _recent.Put([1], [2]);
        Assert.Equal("2", Known(1));
    }

    [Fact]
    public void A_value_that_is_large_is_not_kept_and_neither_is_the_one_before_it()
    {
        _recent.Put([1], [1]);
        _recent.Put([1], new byte[5_000]);
        Assert.Equal("unknown", Known(1));
    }

    private string Known(byte key) => !_recent.TryGet([key], out var value) ? "unknown" : value is null ? "absent" : string.Join(' ', value);
}
