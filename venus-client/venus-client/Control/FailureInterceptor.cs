using System.Globalization;
using AfsLike.Common.Model;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace AfsLike.VenusClient.Control;

/// <summary>An <see cref="AfsException"/> crosses to the caller as FailedPrecondition, "AFS NUMBER: one clear line".</summary>
internal sealed class FailureInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (AfsException failure)
        {
            var detail = string.Create(CultureInfo.InvariantCulture, $"AFS {(int)failure.Error}: {failure.Message}");
            throw new RpcException(new Status(StatusCode.FailedPrecondition, detail));
        }
    }
}
