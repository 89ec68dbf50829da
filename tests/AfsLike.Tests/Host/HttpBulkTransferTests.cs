using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using AfsLike.Common.Model;
using AfsLike.Host.Bulk;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Host;

public sealed class HttpBulkTransferTests
{
    [Fact]
    public async Task A_server_that_cannot_be_reached_is_waited_for_as_long_as_any_call_waits_and_then_it_is_a_timeout()
    {
        var time = new FakeTimeProvider();
        using var bulk = new HttpBulkTransfer($"127.0.0.1:{UnusedPort()}", new SslClientAuthenticationOptions(), time);
        var began = time.GetUtcNow();
        var put = bulk.PutAsync(new byte[16], 1, new byte[] { 1 }, Checksum.Of([1]), TestContext.Current.CancellationToken);
        while (!put.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        Assert.Equal(AfsError.TimedOut, (await Assert.ThrowsAsync<AfsException>(() => put)).Error);
        Assert.True(time.GetUtcNow() - began >= HttpBulkTransfer.RetryFor - TimeSpan.FromSeconds(2));
    }

    private static int UnusedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
