using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories of a posix volume and the hosts that it believes.</summary>
public sealed class TrustScenarioTests
{
    private static readonly FileName[] s_volume = Scenario.Path(CellPlan.Posix);
    private static readonly FileName[] s_directory = [.. s_volume, FileName.From("d")];
    private static readonly FileName[] s_file = [.. s_directory, FileName.From("f")];

    /// <summary>What its kernel, its daemon and its cache hold stays where it is; nobody is answered from it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void On_a_host_that_is_trusted_no_longer_nothing_of_the_volume_is_answered_though_all_of_it_was_known_there(bool away)
    {
        var scenario = new Scenario(clients: 2, posix: true);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            await here.MakeAsync(s_directory, VnodeKind.Directory, 0x1ED);
            var file = (await here.OpenAsync(s_file, OpenModes.Write, create: true)).Value;
            here.Write(file, 0, "known"u8);
            Assert.True((await here.CloseAsync(file)).IsOk);
            file = (await here.OpenAsync(s_file, OpenModes.Read)).Value;
            Assert.True((await here.ListAsync(s_directory)).IsOk);
            var nameless = (await here.OpenNamelessAsync(s_directory, OpenModes.Write)).Value;
            if (away)
            {
                Array.ForEach(scenario.WaysOf(0), static way => way.IsCut = true);
            }

            await TrustAsync(scenario, withdraw: true);
            scenario.Heal(0);
            await AreRefusedAsync(here);
            Assert.True((await here.StatAsync(s_volume)).IsOk);
            Assert.Equal("known"u8.ToArray(), (await here.ReadAsync(file, 0, 100)).Value); // what its programs have open stays open
            Assert.True((await there.StatAsync(s_file)).IsOk);
            Assert.True((await there.MakeAsync([.. s_directory, FileName.From("new")], VnodeKind.File, 0x1A4)).IsOk);
            await AreRefusedAsync(here);
            Assert.True((await here.CloseAsync(file)).IsOk);
            Assert.True((await here.CloseAsync(nameless)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
            await TrustAsync(scenario, withdraw: false);
            Assert.True((await here.StatAsync(s_file)).IsOk);
        });
    }

    private static async Task AreRefusedAsync(CheckedCalls here)
    {
        Assert.Equal(AfsError.AccessDenied, (await here.StatAsync(s_file)).Error);
        Assert.Equal(AfsError.AccessDenied, (await here.OpenAsync(s_file, OpenModes.Read)).Error);
        Assert.Equal(AfsError.AccessDenied, (await here.ListAsync(s_volume)).Error);
        Assert.Equal(AfsError.AccessDenied, (await here.ListAsync(s_directory)).Error);
        Assert.Equal(AfsError.AccessDenied, (await here.MakeAsync([.. s_volume, FileName.From("new")], VnodeKind.File, 0x1A4)).Error);
    }

    /// <summary>As `afsx volume trust` asks for it, of an administrator on the second client.</summary>
    private static Task TrustAsync(Scenario scenario, bool withdraw)
    {
        var call = new TrustCall { Volume = CellPlan.Posix, Host = scenario.Cell.Clients[0].Name, Withdraw = withdraw };
        return scenario.Cell.Clients[1].Service!.Tree.ForwardAsync(CellUsers.FirstUid, CellUsers.FirstUid, new Request { Trust = call }, CancellationToken.None);
    }
}
