using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

public sealed class OldNamesTests
{
    /// <summary>The notice that the one name leads elsewhere waits for its directory's lock, which lookups of other names hold meanwhile.</summary>
    [Fact]
    public void Who_was_shown_new_contents_by_one_name_is_not_shown_the_old_ones_by_another()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, beside) = (programs[0], programs[1], await scenario.ProgramAsync(scenario.Cell.Clients[0]));
            for (var i = 0; i < 150; i++)
            {
                var directory = Scenario.Path($"{i}");
                FileName[] one = [.. directory, FileName.From("one")], other = [.. directory, FileName.From("other")];
                await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
                await WriteAsync(one, "before");
                await there.LinkAsync(one, other);
                var open = (await here.OpenAsync(one, OpenModes.Read)).Value;
                var writing = scenario.Later(TimeSpan.FromMicroseconds(10 * i), () => WriteAsync(one, "after it"));
                var looking = LookAsync(writing);
                while (!writing.IsCompleted)
                {
                    await here.StatAsync(other);
                    await here.StatAsync(one);
                    await scenario.DelayAsync(TimeSpan.FromMicroseconds(7));
                }

                await looking;
                await here.CloseAsync(open);

                async Task LookAsync(Task until)
                {
                    for (var absent = 0; !until.IsCompleted; absent++)
                    {
                        await beside.StatAsync([.. directory, FileName.From($"absent{absent}")]);
                        await scenario.DelayAsync(TimeSpan.FromMicroseconds(3));
                    }
                }
            }

            async Task WriteAsync(FileName[] path, string text)
            {
                var file = (await there.OpenAsync(path, OpenModes.Write, create: true)).Value;
                there.Write(file, 0, System.Text.Encoding.ASCII.GetBytes(text));
                await there.CloseAsync(file);
            }
        });
    }
}
