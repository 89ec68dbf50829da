using AfsLike.Butler.Jobs;
using AfsLike.Common.Wire;

namespace AfsLike.Tests.Butler;

/// <summary>A job between its home and the host that runs it: what the caller is told, and when.</summary>
public sealed class JobTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly JobPair _pair = new();

    [Fact]
    public void A_command_that_ends_gives_its_output_then_its_code_then_its_files()
    {
        Start();
        _pair.Print(JobStream.Output, "out");
        _pair.Print(JobStream.Error, "err");
        _pair.Exit(7);

        Assert.Equal("out", _pair.Given(JobStream.Output));
        Assert.Equal("err", _pair.Given(JobStream.Error));
        Assert.Equal([7u], _pair.Reports.Select(static end => end.ExitCode));
        Assert.Equal([7u], _pair.Exits);
        Assert.Equal(["starting on c2", "running on c2 pid 41", "exited 7 on c2"], _pair.Statuses.Select(static s => s.ToString()));
        Assert.True(_pair.Home.IsOver && _pair.TargetForgot);
    }

    [Fact]
    public void A_command_ended_by_a_signal_gives_128_and_the_signal()
    {
        Start();
        _pair.Exit(0, SignalNumber.Terminate);
        Assert.Equal(143u, Assert.Single(_pair.Reports).ExitCode);
    }

    [Fact]
    public void The_exit_is_not_told_before_the_caller_has_taken_all_output()
    {
        Start();
        _pair.CallerTakes = false;
        _pair.Print(JobStream.Output, "last words");
        _pair.Exit(0);
        _pair.Pass(20 * Second);
        Assert.Empty(_pair.Reports);

        _pair.TakeOutput(JobStream.Output, 10);
        _pair.Pass(10 * Second);
        Assert.Equal(0u, Assert.Single(_pair.Reports).ExitCode);
    }

    [Theory]
    [InlineData(126u, 126u)]
    [InlineData(127u, 127u)]
    [InlineData(125u, 125u)]
    [InlineData(0u, 125u)]
    public void A_command_that_could_not_start_is_a_refusal_and_never_a_success(uint said, uint told)
    {
        _pair.Run();
        _pair.CannotStart(said, "nope: not found");
        var end = Assert.Single(_pair.Reports);
        Assert.Equal((told, "nope: not found"), (end.ExitCode, end.Reason));
        Assert.Equal([told], _pair.Exits);
        Assert.True(_pair.TargetForgot);
    }

    [Fact]
    public void A_start_that_was_lost_is_said_again_and_one_that_came_twice_starts_once()
    {
        var starts = 0;
        _pair.Fate = message => message.BodyCase != JobMessage.BodyOneofCase.Start ? [TimeSpan.Zero]
            : ++starts == 1 ? []
            : [TimeSpan.Zero, TimeSpan.Zero, Second];
        _pair.Pass(2 * Second);
        Assert.Equal(1, _pair.Launches);
        _pair.Started();
        _pair.Exit(0);
        _pair.Pass(2 * Second);
        Assert.Equal(1, _pair.Launches);
        Assert.Equal(0u, Assert.Single(_pair.Reports).ExitCode);
    }

    [Fact]
    public void Silence_makes_the_job_lost_with_125_and_the_host_that_comes_back_hangs_up_on_the_command()
    {
        Start();
        _pair.Print(JobStream.Output, "half");
        _pair.Fate = static _ => [];
        _pair.Pass(31 * Second);

        var end = Assert.Single(_pair.Reports);
        Assert.Equal(125u, end.ExitCode);
        Assert.Contains("c2 was lost", end.Reason, StringComparison.Ordinal);
        Assert.Empty(_pair.Exits);
        Assert.Equal("lost on c2: nothing was heard of it any more", _pair.Statuses[^1].ToString());

        // The target has heard nothing either: SIGHUP, then SIGKILL, and its exit is noted beside its output.
        _pair.Pass(6 * Second);
        Assert.Equal([SignalNumber.Hangup, SignalNumber.Kill], _pair.Signals);
        _pair.Exit(0, SignalNumber.Kill);
        Assert.Equal([137u], _pair.NotedExits);
        Assert.True(_pair.TargetForgot);
        Assert.Single(_pair.Reports);
    }

    [Fact]
    public void A_quiet_command_is_not_taken_for_a_lost_one()
    {
        Start();
        _pair.Pass(TimeSpan.FromHours(2));
        Assert.Empty(_pair.Reports);
        Assert.Empty(_pair.Signals);
        _pair.Exit(3);
        Assert.Equal(3u, Assert.Single(_pair.Reports).ExitCode);
    }

    [Fact]
    public void A_host_that_never_answers_is_told_of_after_its_time()
    {
        _pair.Fate = static _ => [];
        _pair.Pass(31 * Second);
        var end = Assert.Single(_pair.Reports);
        Assert.Equal(125u, end.ExitCode);
        Assert.Contains("could not be asked", end.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_servers_word_that_the_host_is_lost_ends_the_job_at_once()
    {
        Start();
        _pair.TellHome(new JobMessage { Job = JobPair.Name, Lost = new JobLost { Reason = "host c2 was lost" } });
        Assert.Equal(125u, Assert.Single(_pair.Reports).ExitCode);
        Assert.Contains(SignalNumber.Hangup, _pair.Signals);
    }

    [Fact]
    public void The_servers_word_that_the_home_is_lost_hangs_up_and_a_job_hung_up_on_answers_nobody_with_an_exit()
    {
        Start();
        _pair.TellTarget(new JobMessage { Job = JobPair.Name, Lost = new JobLost { Reason = "host c1 was lost" } });
        Assert.Equal([SignalNumber.Hangup], _pair.Signals);
        Assert.True(_pair.StdinEnded);

        _pair.Type("are you there?");
        Assert.Equal(125u, Assert.Single(_pair.Reports).ExitCode);
        _pair.Exit(0);
        Assert.Equal([0u], _pair.NotedExits);
        Assert.Equal(125u, Assert.Single(_pair.Reports).ExitCode);
    }

    [Fact]
    public void Signals_reach_the_command_once_each_and_in_order_though_messages_are_lost_and_doubled()
    {
        Start();
        var turn = 0;
        _pair.Fate = _ => (turn++ % 3) switch { 0 => [], 1 => [TimeSpan.Zero, TimeSpan.Zero], _ => [TimeSpan.Zero] };
        _pair.Signal(SignalNumber.Interrupt);
        _pair.Signal(SignalNumber.Terminate);
        _pair.Signal(SignalNumber.Interrupt);
        _pair.Pass(20 * Second);
        Assert.Equal([SignalNumber.Interrupt, SignalNumber.Terminate, SignalNumber.Interrupt], _pair.Signals);
    }

    [Fact]
    public void A_signal_typed_before_the_command_runs_reaches_it_when_it_does()
    {
        _pair.Run();
        _pair.Signal(SignalNumber.Interrupt);
        Assert.Empty(_pair.Signals);
        _pair.Started();
        Assert.Equal([SignalNumber.Interrupt], _pair.Signals);
    }

    [Fact]
    public void A_caller_that_goes_away_hangs_up_and_kills_what_does_not_mind()
    {
        Start();
        _pair.CallerGoes();
        Assert.Equal([SignalNumber.Hangup], _pair.Signals);
        Assert.True(_pair.StdinEnded);
        _pair.Pass(6 * Second);
        Assert.Equal([SignalNumber.Hangup, SignalNumber.Kill], _pair.Signals);
        _pair.Exit(0, SignalNumber.Kill);
        Assert.Equal([137u], _pair.Exits);
        Assert.True(_pair.Home.IsOver && _pair.TargetForgot);
    }

    [Fact]
    public void A_caller_that_reads_nothing_holds_the_command_up_and_not_our_memory()
    {
        var settings = new JobSettings { Window = 1000 };
        var pair = new JobPair(settings) { CallerTakes = false };
        pair.Run();
        pair.Started();
        Assert.Equal(1000, pair.Print(JobStream.Output, new string('x', 5000)));
        Assert.Equal(0, pair.Print(JobStream.Output, "more"));
        Assert.Equal(4, pair.Print(JobStream.Error, "more"));

        pair.TakeOutput(JobStream.Output, 600);
        Assert.Equal(600, pair.Print(JobStream.Output, new string('y', 5000)));
    }

    [Fact]
    public void Stdin_stands_still_when_the_command_reads_nothing()
    {
        var pair = new JobPair(new JobSettings { Window = 1000 }) { CommandTakes = false };
        pair.Run();
        pair.Started();
        Assert.Equal(1000, pair.Home.StdinRoom);
        pair.Type(new string('x', 1000));
        Assert.Equal(0, pair.Home.StdinRoom);
        pair.Target!.InputTaken(300);
        pair.Run();
        Assert.Equal(300, pair.Home.StdinRoom);
    }

    [Fact]
    public void A_broken_session_costs_nothing_once_it_is_mended()
    {
        Start();
        _pair.Fate = static _ => [];
        _pair.Print(JobStream.Output, "said while the line was down");
        _pair.Type("typed too");
        _pair.TypeEnd();
        _pair.Exit(5);
        _pair.Fate = static _ => [TimeSpan.Zero];
        _pair.LinkUp();

        Assert.Equal("said while the line was down", _pair.Given(JobStream.Output));
        Assert.Equal("typed too", _pair.Stdin);
        Assert.Equal(5u, Assert.Single(_pair.Reports).ExitCode);
        Assert.Equal([5u], _pair.Exits);
    }

    [Fact]
    public void Exit_is_written_without_complete_files_when_they_do_not_come()
    {
        Start();
        _pair.Fate = static message => message.Exited?.Recorded == true ? [] : [TimeSpan.Zero];
        _pair.Print(JobStream.Output, "x");
        _pair.Target!.OutputEnded(JobStream.Output, TimeSpan.FromHours(1));
        _pair.Target!.OutputEnded(JobStream.Error, TimeSpan.FromHours(1));
        _pair.Target!.Exited(0, 0, TimeSpan.FromHours(1));
        _pair.Run();
        Assert.Equal(0u, Assert.Single(_pair.Reports).ExitCode);
        Assert.Empty(_pair.Exits);

        _pair.Pass(61 * Second);
        Assert.Equal([0u], _pair.Exits);
        Assert.Equal("exited 0 on c2: its output files may be incomplete", _pair.Statuses[^1].ToString());
    }

    private void Start()
    {
        _pair.Run();
        _pair.Started();
    }
}
