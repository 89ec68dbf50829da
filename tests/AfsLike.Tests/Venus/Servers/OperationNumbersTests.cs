using AfsLike.Venus.Servers;

namespace AfsLike.Tests.Venus.Servers;

/// <summary>What the server may forget.</summary>
public class OperationNumbersTests
{
    private readonly Ledger _ledger = new();

    [Fact]
    public void Operations_of_the_kernel_are_not_settled_because_our_own_numbers_run_ahead()
    {
        var numbers = new OperationNumbers(_ledger, newMount: true);
        for (var restart = 0; restart < 8; restart++)
        {
            numbers.EndOwn(numbers.BeginOwn());
            numbers = new OperationNumbers(_ledger, newMount: false);
        }

        numbers.EndOwn(numbers.BeginOwn());
        Assert.True(numbers.LowWater <= numbers.Of(216), "the kernel may still repeat its request 216");
    }

    [Fact]
    public void What_the_kernel_has_left_far_behind_is_settled()
    {
        var numbers = new OperationNumbers(_ledger, newMount: true);
        numbers.Begin(100_000);
        numbers.End(100_000);
        Assert.True(numbers.LowWater > numbers.Of(216));
    }

    [Fact]
    public void Our_own_numbers_are_not_used_again_after_a_restart()
    {
        var numbers = new OperationNumbers(_ledger, newMount: true);
        var before = Enumerable.Range(0, 10).Select(_ => numbers.BeginOwn()).ToArray();
        numbers = new OperationNumbers(_ledger, newMount: false);
        Assert.DoesNotContain(numbers.BeginOwn(), before);
    }

    private sealed class Ledger : IOperationLedger
    {
        private (ushort Mount, ulong Next) _kept = (0, 1);

        public (ushort Mount, ulong Next) Load() => _kept;

        public void Save(ushort mount, ulong next) => _kept = (mount, next);
    }
}
