using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>Signals typed here for jobs of other hosts: asked of the job's home, and waited for.</summary>
public sealed class RemoteKills(IJobLink link, TimeProvider time)
{
    /// <summary>How long the home may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ulong, TaskCompletionSource<JobKilled>> _asked = [];
    private ulong _last;

    /// <summary>Completes when the home has passed the signal on. Throws what the home or the server says, and TimedOut.</summary>
    public async Task SendAsync(JobName job, uint signal, ByteString token)
    {
        var number = ++_last;
        var answer = new TaskCompletionSource<JobKilled>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Add(number, answer);
        try
        {
            link.Send(new JobMessage
            {
                Job = job.ToString(),
                ToHost = job.Home,
                Kill = new JobKill { UserToken = token, Signal = signal, Number = number },
            });
            var killed = await answer.Task.WaitAsync(Patience, time);
            if (killed.Error != 0)
            {
                throw new AfsException((AfsError)killed.Error, killed.Detail);
            }
        }
        catch (TimeoutException silent)
        {
            throw new AfsException(AfsError.TimedOut, $"host {job.Home}, where job {job} was typed, has not answered; try again", silent);
        }
        finally
        {
            _asked.Remove(number);
        }
    }

    public void Answered(JobKilled killed)
    {
        if (_asked.TryGetValue(killed.Number, out var answer))
        {
            answer.TrySetResult(killed);
        }
    }
}
