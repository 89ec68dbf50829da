using AfsLike.Simulation.Running;

namespace AfsLike.Tests.Simulation;

/// <summary>What a run is made of, and what is said about it.</summary>
public sealed class RunTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_same_seed_gives_the_same_run(ulong seed)
    {
        var options = new RunOptions(seed) { Clients = 4, Operations = 600 };
        var (one, other) = (Run(options), Run(options));
        Assert.Null(one.Failure);
        Assert.Equal((one.Hash, one.Steps, one.Simulated), (other.Hash, other.Steps, other.Simulated));
        Assert.NotEqual(one.Hash, Run(options with { Seed = seed + 100 }).Hash);
    }

    [Fact]
    public void The_command_that_repeats_a_run_means_that_run()
    {
        var options = new RunOptions(ulong.MaxValue) { Clients = 3, Operations = 12, Faults = new SortedSet<int> { 4, 2 } };
        var command = options.Command();
        Assert.Equal("./dev sim --seed 18446744073709551615 --clients 3 --operations 12 --faults 2,4", command);
        var parsed = CommandLine.Parse(command.Split(' ')[2..]).Run!;
        Assert.Equal(command, parsed.Command());
    }

    [Theory]
    [InlineData("--seed x", "'x' is no seed")]
    [InlineData("--seed -1", "'-1' is no seed")]
    [InlineData("--seed 18446744073709551616", "is no seed")]
    [InlineData("--seed 1 --minutes 2", "do not go together")]
    [InlineData("--seed 1 --seeds 2-3", "do not go together")]
    [InlineData("--minutes 1 --seeds 2-3", "do not go together")]
    [InlineData("--seeds 3", "FIRST-LAST")]
    [InlineData("--seeds 3-2", "the smaller one first")]
    [InlineData("--seeds a-2", "'a' is no seed")]
    [InlineData("--minutes 0", "a number above 0")]
    [InlineData("--clients 21", "from 1 to 20")]
    [InlineData("--seed", "needs a value")]
    [InlineData("--seed 1 --seed 2", "given twice")]
    [InlineData("--sed 1", "'--sed' is not known")]
    [InlineData("--faults 1,2", "give --seed too")]
    [InlineData("--seed 1 --faults all", "not 'all'")]
    public void Nonsense_on_the_command_line_is_one_clear_line(string words, string said)
    {
        var wrong = Assert.Throws<UsageException>(() => CommandLine.Parse(words.Split(' ')));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    private static RunResult Run(RunOptions options) => new OneRun(options, static (simulator, given) => new Trial(simulator, given)).Run();
}
