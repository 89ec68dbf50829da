using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Login;
using Google.Protobuf;

namespace AfsLike.Vice.Jobs;

/// <summary>
/// Carries job messages between butlers, so that none needs an address of its own. The server is the one both believe, and so it
/// says who sent a message, verifies for whom a job is started, and puts a token into the start that is good for that job on that host alone.
/// <para>
/// A job's name begins with its home host, which only that host may start; other messages of it go from or to the home. After a
/// restart the server knows no live jobs and learns them again from what passes by: the butlers notice nothing but a pause.
/// Messages are not kept here: what finds its receiver's stream down is dropped and comes again, because jobs acknowledge and repeat.
/// </para>
/// <para>A host's butler is lost when its lease is over, or when a butler of another instance takes its place; then the other
/// side of each of its jobs hears JobLost.</para>
/// </summary>
public sealed class JobRouter(LoginDesk login, HostTable hosts, TimeProvider time, TimeSpan lease)
{
    /// <summary>Exit code of a run that is our fault (DESIGN.md section 7).</summary>
    private const uint NotRun = 125;

    private readonly LiveJobs _live = new();
    private readonly Dictionary<string, ServerSession> _butlers = new(StringComparer.Ordinal);
    private readonly TimeSpan _started = time.Steady();

    public int Live => _live.Count;

    public void Connected(ServerSession butler)
    {
        if (_butlers.TryGetValue(butler.Host, out var former) && former != butler)
        {
            Lose(butler.Host, "its butler was started anew");
        }

        _butlers[butler.Host] = butler;
    }

    /// <summary>Its lease is over.</summary>
    public void Ended(ServerSession butler)
    {
        if (_butlers.GetValueOrDefault(butler.Host) == butler)
        {
            _butlers.Remove(butler.Host);
            Lose(butler.Host, "it is gone");
        }
    }

    public void Route(ServerSession sender, JobMessage message)
    {
        if (sender.Role != SessionRole.Butler)
        {
            return;
        }

        message.FromHost = sender.Host;
        if (message.BodyCase == JobMessage.BodyOneofCase.Start)
        {
            Start(sender, message);
        }
        else if (message.BodyCase == JobMessage.BodyOneofCase.Kill)
        {
            Kill(sender, message);
        }
        else if (message.BodyCase == JobMessage.BodyOneofCase.Killed)
        {
            if (IsHomeOf(sender.Host, message.Job))
            {
                _butlers.GetValueOrDefault(message.ToHost)?.SendJob(message);
            }
        }
        else if (Admit(message))
        {
            Forward(sender, message);
        }
    }

    /// <summary>A signal for a job of another host, from a host that has no part in it: its home decides, for the user named here.</summary>
    private void Kill(ServerSession sender, JobMessage message)
    {
        try
        {
            var (user, token) = login.Verify(message.Kill.UserToken.Span, sender.Host);
            if (!IsHomeOf(message.ToHost, message.Job) || _butlers.GetValueOrDefault(message.ToHost) is not { IsConnected: true } home)
            {
                throw new AfsException(AfsError.Unavailable, $"host {message.ToHost}, where job {message.Job} was typed, is not connected");
            }

            message.Kill.UserToken = ByteString.Empty;
            message.Kill.User = user.Id.Value;
            message.Kill.Administrator = token.Administrator;
            home.SendJob(message);
        }
        catch (AfsException refused)
        {
            sender.SendJob(new JobMessage
            {
                Job = message.Job,
                FromHost = message.ToHost,
                ToHost = sender.Host,
                Killed = new JobKilled { Number = message.Kill.Number, Error = (uint)refused.Error, Detail = refused.Message },
            });
        }
    }

    private void Start(ServerSession sender, JobMessage message)
    {
        if (!IsHomeOf(sender.Host, message.Job))
        {
            Refuse(sender, message, $"a job of {sender.Host} is named {sender.Host}.NUMBER");
        }
        else if (_butlers.GetValueOrDefault(message.ToHost) is not { IsConnected: true } target)
        {
            Refuse(sender, message, hosts.Knows(message.ToHost)
                ? $"host {message.ToHost} is not connected; afsx host list shows which are"
                : $"the cell has no host {message.ToHost}; afsx host list shows which it has");
        }
        else
        {
            StartOn(sender, target, message);
        }
    }

    private void StartOn(ServerSession sender, ServerSession target, JobMessage message)
    {
        try
        {
            var (user, token) = login.Verify(message.Start.UserToken.Span, sender.Host);
            var (bytes, delegated) = login.Delegate(token, message.Job, message.ToHost);
            if (!_live.Add(message.Job, sender.Host, message.ToHost))
            {
                Refuse(sender, message, $"the cell runs {LiveJobs.Most} jobs already");
                return;
            }

            message.Start.UserToken = ByteString.CopyFrom(bytes);
            message.Start.User = user.Id.Value;
            message.Start.UserName = user.Name;
            message.Start.TokenExpires = delegated.Expires;
            target.SendJob(message);
        }
        catch (AfsException refused)
        {
            Refuse(sender, message, refused.Message);
        }
    }

    /// <summary>True for a message between the two hosts of its job. A job not known yet is learned, when the home has a part in the message.</summary>
    private bool Admit(JobMessage message)
    {
        if (_live.Find(message.Job) is not { } hosts)
        {
            var fromHome = IsHomeOf(message.FromHost, message.Job);
            return (fromHome || IsHomeOf(message.ToHost, message.Job))
                && _live.Add(message.Job, fromHome ? message.FromHost : message.ToHost, fromHome ? message.ToHost : message.FromHost);
        }

        return (message.FromHost, message.ToHost) == (hosts.Home, hosts.Target)
            || (message.FromHost, message.ToHost) == (hosts.Target, hosts.Home);
    }

    private void Forward(ServerSession sender, JobMessage message)
    {
        if (_butlers.GetValueOrDefault(message.ToHost) is { } receiver)
        {
            receiver.SendJob(message);
            if (message.BodyCase is JobMessage.BodyOneofCase.Refused or JobMessage.BodyOneofCase.ExitedAck or JobMessage.BodyOneofCase.Lost)
            {
                _live.Remove(message.Job);
            }
        }
        else if (time.Steady() - _started > lease)
        {
            _live.Remove(message.Job);
            sender.SendJob(Lost(message.Job, message.ToHost, sender.Host, "it is gone"));
        }
    }

    private void Lose(string host, string why)
    {
        foreach (var (job, other) in _live.TakeOf(host))
        {
            _butlers.GetValueOrDefault(other)?.SendJob(Lost(job, host, other, why));
        }
    }

    private static JobMessage Lost(string job, string host, string to, string why) => new()
    {
        Job = job,
        FromHost = host,
        ToHost = to,
        Lost = new JobLost { Reason = $"host {host} was lost: {why}" },
    };

    private static void Refuse(ServerSession sender, JobMessage message, string why) => sender.SendJob(new JobMessage
    {
        Job = message.Job,
        FromHost = message.ToHost,
        ToHost = sender.Host,
        Refused = new JobRefused { ExitCode = NotRun, Reason = why },
    });

    private static bool IsHomeOf(string host, string job) =>
        host.Length > 0 && job.Length > host.Length + 1 && job.Length <= 255
        && job.StartsWith(host, StringComparison.Ordinal) && job[host.Length] == '.';
}
