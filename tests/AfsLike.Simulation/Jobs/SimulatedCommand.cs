using AfsLike.Butler.Jobs;
using AfsLike.Simulation.World;
using Google.Protobuf;

namespace AfsLike.Simulation.Jobs;

/// <summary>
/// A command that runs on a target for one job, on its butler's strand: it prints its pieces as there is room for them, reads its input to the end, and ends.
/// A signal ends it at its next step.
/// </summary>
internal sealed class SimulatedCommand(string name, JobPlan plan, TargetJob job, JobLedger ledger, TimeProvider time, SeededRandom chance, Action settle)
{
    private readonly MemoryStream _input = new();
    private readonly Pulse _news = new();
    private bool _inputEnded;
    private uint _signal;

    private TimeSpan Now => time.GetElapsedTime(0);

    public void Give(ByteString bytes)
    {
        bytes.WriteTo(_input);
        job.InputTaken(bytes.Length);
    }

    public void EndInput() => _inputEnded = true;

    public void Signal(uint signal) => _signal = _signal == 0 ? signal : _signal;

    /// <summary>There may be room for output now, or more input, or a signal.</summary>
    public void LookAgain() => _news.Beat();

    public async Task RunAsync()
    {
        await PauseAsync();
        job.Launched(41);
        settle();
        foreach (var (stream, bytes) in plan.Output())
        {
            await PrintAsync(stream, bytes);
        }

        while (_signal == 0 && !_inputEnded)
        {
            await _news.NextAsync();
        }

        ledger.Read(name, _input.GetBuffer().AsSpan(0, (int)_input.Length));
        await PauseAsync();
        End();
    }

    private async Task PrintAsync(uint stream, byte[] bytes)
    {
        for (var from = 0; from < bytes.Length && _signal == 0;)
        {
            var room = Math.Min(job.OutputRoom(stream), bytes.Length - from);
            if (room == 0)
            {
                await _news.NextAsync();
                continue;
            }

            if (chance.OneIn(4))
            {
                await PauseAsync();
                continue;
            }

            ledger.Printed(name, stream, room);
            job.OutputRead(stream, ByteString.CopyFrom(bytes, from, room), Now);
            settle();
            from += room;
        }
    }

    private void End()
    {
        var code = _signal == 0 ? plan.ExitCode : 0;
        ledger.CommandEnded(name, code, _signal);
        job.OutputEnded(JobStream.Output, Now);
        job.OutputEnded(JobStream.Error, Now);
        job.Exited(code, _signal, Now);
        job.Recorded(Now);
        settle();
    }

    private Task PauseAsync() => Task.Delay(chance.Between(TimeSpan.FromMicroseconds(100), TimeSpan.FromMilliseconds(chance.OneIn(10) ? 2000 : 20)), time);
}
