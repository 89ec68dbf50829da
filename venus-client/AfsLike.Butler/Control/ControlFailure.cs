using AfsLike.Common.Model;
using Grpc.Core;

namespace AfsLike.Butler.Control;

/// <summary>
/// Errors of the daemons' control calls. An AfsError crosses as the status detail, "AFS NUMBER: one clear line", under
/// FailedPrecondition; anything else is the transport's or a defect.
/// </summary>
public static class ControlFailure
{
    private const string Prefix = "AFS ";

    public static RpcException ToStatus(AfsException failure) => new(new Status(
        StatusCode.FailedPrecondition, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Prefix}{(int)failure.Error}: {failure.Message}")));

    /// <param name="daemon">Whom was called, for the line when nobody answers.</param>
    /// <param name="socketPath">Where it should have been.</param>
    public static AfsException FromStatus(RpcException failure, string daemon, string socketPath)
    {
        var detail = failure.Status.Detail;
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        if (detail.StartsWith(Prefix, StringComparison.Ordinal) && colon > 0
            && int.TryParse(detail.AsSpan(Prefix.Length, colon - Prefix.Length), out var error))
        {
            return new AfsException((AfsError)error, detail[(colon + 2)..], failure);
        }

        return failure.StatusCode switch
        {
            StatusCode.Unavailable when !File.Exists(socketPath) => new AfsException(
                AfsError.Unavailable, $"{daemon} is not running here (no socket at {socketPath}); start it with `{daemon} run`", failure),
            StatusCode.Unavailable => new AfsException(
                AfsError.Unavailable, $"{daemon} does not answer at {socketPath}: {Reason(failure)}; start it with `{daemon} run`", failure),
            StatusCode.Cancelled => new AfsException(AfsError.Interrupted, $"{daemon} ended the call", failure),
            StatusCode.DeadlineExceeded => new AfsException(AfsError.TimedOut, $"{daemon} did not answer in time", failure),
            StatusCode.Unimplemented => new AfsException(AfsError.NotSupported, $"{daemon} does not offer this call", failure),
            StatusCode.PermissionDenied => new AfsException(AfsError.NotPermitted, detail, failure),
            StatusCode.Unauthenticated => new AfsException(AfsError.NoToken, detail, failure),
            _ => new AfsException(AfsError.Internal, detail.Length > 0 ? detail : $"{daemon} failed: {failure.StatusCode}", failure),
        };
    }

    private static string Reason(RpcException failure)
    {
        Exception? deepest = failure.Status.DebugException;
        while (deepest?.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest?.Message ?? failure.Status.Detail;
    }
}
