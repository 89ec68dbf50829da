using System.Globalization;
using System.Text;
using AfsLike.Butler.Jobs;
using CsCheck;

namespace AfsLike.Tests.Butler;

/// <summary>
/// Whatever a network loses, doubles, delays and reorders, as long as it lets something through: each byte arrives once and
/// in its place, the command runs once, and the caller hears the code the command ended with.
/// </summary>
public sealed class JobLossProperties
{
    [Fact]
    public void A_job_over_a_bad_network_ends_as_over_a_good_one() =>
        Gen.UInt.Sample(seed => Play(new Random((int)seed)), iter: 400);

    private static bool Play(Random random)
    {
        var settings = new JobSettings { Window = 4096, Piece = 512, LostAfter = TimeSpan.FromHours(10) };
        var loss = random.NextDouble() * 0.5;
        var pair = new JobPair(settings);
        pair.Fate = _ => random.NextDouble() < loss ? []
            : random.NextDouble() < 0.2 ? [Delay(random), Delay(random)]
            : [Delay(random)];
        var input = new StringBuilder();
        var written = new[] { new StringBuilder(), new StringBuilder(), new StringBuilder() };
        while (pair.Target is null)
        {
            pair.Pass(TimeSpan.FromSeconds(1));
        }

        pair.Started();
        for (var step = 0; step < 40; step++)
        {
            switch (random.Next(4))
            {
                case 0:
                    var line = string.Create(CultureInfo.InvariantCulture, $"in {step} {random.Next()}\n");
                    if (pair.Home.StdinRoom >= line.Length)
                    {
                        pair.Type(line);
                        input.Append(line);
                    }

                    break;
                case 1 or 2:
                    var stream = random.Next(2) == 0 ? JobStream.Output : JobStream.Error;
                    var text = string.Concat(Enumerable.Repeat(step.ToString("D3", CultureInfo.InvariantCulture), random.Next(1, 700)));
                    written[stream].Append(text.AsSpan(0, pair.Print(stream, text)));
                    break;
                default:
                    pair.Pass(TimeSpan.FromMilliseconds(random.Next(3000)));
                    break;
            }

            if (random.Next(12) == 0)
            {
                pair.LinkUp();
            }
        }

        pair.TypeEnd();
        pair.Pass(TimeSpan.FromMinutes(20)); // a command that ends reads no more
        var code = (uint)random.Next(256);
        pair.Exit(code);
        pair.Pass(TimeSpan.FromMinutes(20));

        Assert.Equal(1, pair.Launches);
        Assert.Equal(input.ToString(), pair.Stdin);
        Assert.True(pair.StdinEnded);
        Assert.Equal(written[JobStream.Output].ToString(), pair.Given(JobStream.Output));
        Assert.Equal(written[JobStream.Error].ToString(), pair.Given(JobStream.Error));
        Assert.Equal(code, Assert.Single(pair.Reports).ExitCode);
        Assert.Equal([code], pair.Exits);
        Assert.True(pair.Home.IsOver && pair.TargetForgot);
        return true;
    }

    private static TimeSpan Delay(Random random) =>
        random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(4000)) : TimeSpan.Zero;
}
