using AfsLike.Common.Wire;

namespace AfsLike.Butler.Jobs;

/// <summary>The way to the other butlers, through the server. What is sent while the session is down is lost; jobs repeat it.</summary>
public interface IJobLink
{
    void Send(JobMessage message);
}
